import { queue, queueIn, resetMail, untilStates } from '../../support/mails.js';
import { PorteroCommand } from '../../support/portero-command.js';
import { TestServer } from '../../support/server.js';
import { SmtpTestServer } from '../../support/smtp.js';

/** `portero mail`. docs/cli.md has further examples, which are tested too. */
let command: PorteroCommand;
let smtp: SmtpTestServer;
beforeEach(async () => {
  command = await PorteroCommand.create();
  smtp = await SmtpTestServer.start();
});
afterEach(async () => {
  await TestServer.stopAll();
  await smtp.stop();
  await command.remove();
});

const run = (line: string) => command.run(line.split(' '));
const json = async (line: string) => JSON.parse((await run(`${line} --json`)).stdout);

test('shows the newest mail with its link, so that a developer needs no SMTP server', async () => {
  expect(await run('mail show')).toEqual({ code: 1, stdout: '', stderr: 'portero: there are no mails\n' });
  const [older, newest] = [resetMail('ana@example.com'), resetMail('bob@example.com')];
  const [id] = await queueIn(command.database, older, newest);
  const shown = await run('mail show');
  expect(shown.stdout).toContain(newest.contents.link);
  expect(shown.stdout).toMatch(/^to +bob@example.com$/m);
  expect(await json(`mail show ${id}`)).toMatchObject({
    id,
    state: 'waiting',
    mail: 'reset_password',
    to: 'ana@example.com',
    text: expect.stringContaining(older.contents.link),
  });
});

test('sends a dead mail again, but neither one that was sent nor an unknown one', async () => {
  command.database.env.SMTP_URL = smtp.url;
  smtp.behaviour.recipient = (to) => (to === 'bob@example.com' ? { code: 550 } : undefined);
  let server = await TestServer.on(command.database);
  await queue(server, resetMail('ana@example.com'), resetMail('bob@example.com'));
  await untilStates(server, 'sent 1', 'dead 1');
  await server.stop();
  const [bob, ana] = (await json('mail list')).mails;
  expect([bob, ana]).toMatchObject([
    { state: 'dead', to: 'bob@example.com', last_error: expect.stringContaining('550') },
    { state: 'sent', to: 'ana@example.com', last_error: null },
  ]);
  expect((await json('mail list --state dead')).mails).toEqual([bob]);
  expect((await run(`mail retry ${ana.id}`)).stderr).toBe(`portero: the mail ${ana.id} was sent\n`);
  expect((await run(`mail retry ${'0'.repeat(8)}-0000-7000-8000-000000000000`)).code).toBe(1);
  expect(await json(`mail retry ${bob.id}`)).toEqual({ id: bob.id, retried: true });
  smtp.behaviour = {};
  server = await TestServer.on(command.database);
  expect((await smtp.next('bob@example.com')).messageId).toBe(`<${bob.id}@localhost>`);
  await server.stop();
});

test('a test mail without SMTP_URL, or to something else than an address, is refused', async () => {
  expect((await run('mail test ana@example.com')).stderr).toBe('portero: SMTP_URL is not set; see docs/mail.md\n');
  command.database.env.SMTP_URL = smtp.url;
  expect((await run('mail test ana')).stderr).toBe('portero: "ana" is not an email address\n');
  expect(await json('mail test ana@example.com')).toMatchObject({
    to: 'ana@example.com',
    response: expect.stringMatching(/^250/),
  });
});
