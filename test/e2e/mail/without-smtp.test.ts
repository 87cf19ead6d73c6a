import { queue, resetMail, untilStates } from '../../support/mails.js';
import { TestServer } from '../../support/server.js';
import { SmtpTestServer } from '../../support/smtp.js';

/** Without `SMTP_URL`, mails are held, and their links are in the log for a developer. */
let server: TestServer;
let smtp: SmtpTestServer;
beforeEach(async () => {
  smtp = await SmtpTestServer.start();
  server = await TestServer.start();
});
afterEach(async () => {
  await server.stop();
  await smtp.stop();
});

const DAY = 86_400_000;
/** Its link is not secret here: the log shows it. */
const mail = {
  ...resetMail('ana@example.com'),
  contents: { ...resetMail('').contents, link: 'http://localhost:3000/x' },
};
const linesAbout = (to: string) => server.log.filter((line) => line.to === to);

test('holds a mail, logs one line with its link, and warns at the start', async () => {
  await queue(server, mail as typeof mail & ReturnType<typeof resetMail>);
  await untilStates(server, 'held 1');
  expect(linesAbout('ana@example.com')).toEqual([
    expect.objectContaining({ level: 'info', mail: 'reset_password', link: 'http://localhost:3000/x' }),
  ]);
  const warned = server.log.filter(({ level, msg }) => level === 'warn' && /^SMTP_URL is not set/.test(String(msg)));
  expect(warned).toHaveLength(1);
});

test('sends held mails once SMTP_URL is set, but none that is older than a day', async () => {
  const to = (address: string) => ({ ...mail, to: address }) as ReturnType<typeof resetMail>;
  await queue(server, to('old@example.com'));
  await untilStates(server, 'held 1');
  server.clock.advance(DAY - 60_000);
  await queue(server, to('new@example.com'));
  await untilStates(server, 'held 1', 'held 1');
  server.clock.advance(120_000);
  await server.restart({ SMTP_URL: smtp.url });
  await smtp.next('new@example.com');
  const [old] = await untilStates(server, 'dead 2', 'sent 2');
  expect(old?.last_error).toMatch(/^expired/);
  expect(smtp.to('old@example.com')).toEqual([]);
});
