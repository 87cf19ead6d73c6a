import { release } from '../../runner/clusters.js';
import { queueIn, resetMail } from '../../support/mails.js';
import { PorteroCommand } from '../../support/portero-command.js';
import { ServerProcess } from '../../support/process.js';
import { SECRET } from '../../support/server.js';
import { certificate, SmtpTestServer } from '../../support/smtp.js';

/** TLS to the SMTP server, and the login, as `portero mail test` and the server see them. */
const LOGIN = { user: 'mailer@example.com', password: 'p@ss/word:for the relay' };

let command: PorteroCommand;
let smtp: SmtpTestServer | undefined;
beforeEach(async () => {
  command = await PorteroCommand.create();
});
afterEach(async () => {
  await ServerProcess.killAll();
  await smtp?.stop();
  await command.remove();
});

const TRUSTED = { NODE_EXTRA_CA_CERTS: certificate().path };

async function sendTest(url: string, env: Record<string, string> = {}) {
  Object.assign(command.database.env, { SMTP_URL: url, MAIL_TIMEOUT: '2s', ...env });
  const { code, stdout, stderr } = await command.runProcess(['mail', 'test', 'ana@example.com']);
  return { code, output: stdout + stderr };
}

for (const tls of ['starttls', 'implicit'] as const) {
  test(`refuses a self-signed certificate (${tls}), also with NODE_TLS_REJECT_UNAUTHORIZED=0, unless it is trusted`, async () => {
    smtp = await SmtpTestServer.start({ tls, login: LOGIN });
    const refused = await sendTest(smtp.url, { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect(refused).toEqual({ code: 1, output: expect.stringMatching(/self.signed certificate.*NODE_EXTRA_CA_CERTS/) });
    expect([smtp.mails, smtp.seen.data]).toEqual([[], 0]);
    const accepted = await sendTest(smtp.url, TRUSTED);
    expect(accepted).toEqual({ code: 0, output: expect.stringMatching(/accepted the mail: 250/) });
    expect(smtp.mails).toEqual([expect.objectContaining({ encrypted: true, subject: 'Test mail from Portero' })]);
  });
}

test('a server sends over STARTTLS with a login, and logs neither the password nor a link', async () => {
  smtp = await SmtpTestServer.start({ tls: 'starttls', login: LOGIN });
  const mail = resetMail('ana@example.com');
  await queueIn(command.database, mail, resetMail('bob@example.com'));
  await release(command.database.env.DATA_DIR as string);
  const env = { ...command.database.env, PORTERO_SECRET: SECRET, SMTP_URL: smtp.url, LOG_LEVEL: 'trace', ...TRUSTED };
  smtp.behaviour.recipient = (to) => (to === 'bob@example.com' ? { code: 450 } : undefined);
  const server = await ServerProcess.start(env);
  expect((await smtp.next('ana@example.com')).encrypted).toBe(true);
  const { stdout } = await server.kill('SIGTERM');
  expect(stdout).toContain('not delivered; it will be retried');
  for (const secret of [mail.contents.link, LOGIN.password, encodeURIComponent(LOGIN.password)]) {
    expect(stdout).not.toContain(secret);
  }
});

test('names what is wrong: login, no STARTTLS, no TLS, no server, no response', async () => {
  smtp = await SmtpTestServer.start({ tls: 'implicit', login: LOGIN });
  expect((await sendTest(smtp.url.replace('mailer', 'other'), TRUSTED)).output).toMatch(
    /535.*check the user and the pass/,
  );
  expect((await sendTest(smtp.url.replace('smtps:', 'smtp:'))).output).toMatch(/no response.*smtps:/);
  const { port } = smtp;
  await smtp.stop();
  expect((await sendTest(`smtp://localhost:${port}`)).output).toMatch(/ECONNREFUSED.*check the host and the port/);
  smtp = await SmtpTestServer.start();
  expect((await sendTest(`${smtp.url}?tls=required`)).output).toMatch(/STARTTLS/);
  expect((await sendTest(smtp.url.replace('smtp:', 'smtps:'))).output).toMatch(/does not begin with TLS/);
  expect(smtp.seen.data).toBe(0);
});
