import { generateKeyPairSync } from 'node:crypto';
import { PASSWORD } from '../../support/client.js';
import { codeBlocks } from '../../support/code-blocks.js';
import { queue, resetMail, untilStates } from '../../support/mails.js';
import { PorteroCommand } from '../../support/portero-command.js';
import { setUpTotp } from '../../support/second-factors.js';
import { secrets } from '../../support/secrets.js';
import { TestServer } from '../../support/server.js';
import { SmtpTestServer } from '../../support/smtp.js';

/** The examples of docs/cli.md, executed in the order of the page on one database. */
const PAGE = 'docs/cli.md';
const NEW_PASSWORD = 'another horse, another staple';
secrets.add(NEW_PASSWORD);

interface Step {
  line: string;
  output: string[];
}

/** Lines that only a terminal shows: prompts, which the test answers through standard input. */
const PROMPT = /^(Password:|Repeat the password:|.* \[y\/N\] y)$/;

const steps: Step[] = codeBlocks(PAGE)
  .filter(({ language, mark }) => language === 'console' && mark?.startsWith('tested:'))
  .flatMap(({ text }) => text.split(/^\$ /m).slice(1))
  .map((part) => {
    const [line = '', ...output] = part.trimEnd().split('\n');
    return { line, output: output.filter((one) => !PROMPT.test(one)) };
  });

const FILES: Record<string, string> = {
  'users.csv': `username,password_hash\neva,$2b$04$abcdefghijklmnopqrstuuGv0Cmrb4qSbGxHkfaTqXFHFNtU3NQAK\ndora,unknown\n`,
  'key.pem': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'sec1',
    format: 'pem',
  }) as string,
};

let command: PorteroCommand;
let smtp: SmtpTestServer;
beforeAll(async () => {
  command = await PorteroCommand.create();
  smtp = await SmtpTestServer.start();
  command.database.env.SMTP_URL = smtp.url;
});
afterAll(async () => {
  await TestServer.stopAll();
  await smtp.stop();
  await command.remove();
});

/** What must have happened before a step, beside the steps before it. */
const BEFORE: [RegExp, () => Promise<void>][] = [
  [/^portero users show ana/, () => logIn('ana')],
  [/^portero users mfa show bob/, setUpAnApp],
  [/^portero users (disable|delete) bob/, () => logIn('bob', 'bob')],
  [/^portero sessions list --user ana/, () => logIn('ana')],
  [/^portero mail list/, sendMails],
];

async function logIn(...names: string[]): Promise<void> {
  const server = await TestServer.on(command.database);
  const headers = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
  for (const username of names) {
    const isChanged = username === 'ana' && hasRun('portero users set-password ana');
    const body = { username, password: isChanged ? NEW_PASSWORD : PASSWORD, transport: 'cookie' };
    expect((await server.client.post('/auth/login', { body, headers })).status).toBe(200);
  }
  await server.stop();
}

async function setUpAnApp(): Promise<void> {
  const server = await TestServer.on(command.database);
  const { access_token: token } = await server.client.logIn('bob');
  await setUpTotp(server.client, token, server.clock.now());
  await server.client.post('/auth/logout', { token });
  await server.stop();
}

/** One mail that arrives, and one that is rejected. */
async function sendMails(): Promise<void> {
  smtp.behaviour.recipient = (to) => (to === 'bob@example.com' ? { code: 550, text: 'no such user' } : undefined);
  const server = await TestServer.on(command.database);
  await queue(server, resetMail('ana@example.com'), resetMail('bob@example.com'));
  await untilStates(server, 'sent 1', 'dead 1');
  await server.stop();
}

const done: string[] = [];
const hasRun = (line: string) => done.includes(line);

/** Identifiers of the page, and those that this run has in their place. */
const actual = new Map<string, string>();
const IDENTIFIER = /[0-9a-f]{8}-[0-9a-f-]{27}|(?<![\w-])[\w-]{43}(?![\w-])/g;

function mask(line: string): string {
  return line
    .replaceAll(IDENTIFIER, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z/g, 'TIME')
    .replace(/^localhost:\d+/, 'localhost:PORT')
    .replace(/published \d+ s ago/, 'published N s ago')
    .replace(/^(client_secret +)\S+$/, '$1…')
    .trimEnd();
}

async function execute({ line, output }: Step): Promise<Step> {
  const [, before = '', typed = ''] = /^(?:(.*) \| )?portero (.*)$/.exec(line) ?? [];
  const args = typed
    .replaceAll(IDENTIFIER, (id) => actual.get(id) ?? id)
    .split(' ')
    .map((word) => (word in FILES ? command.file(word, FILES[word] as string) : word));
  const [, piped = hasRun('portero users create ana --email ana@example.com') ? NEW_PASSWORD : PASSWORD] =
    /^echo (\w+)$/.exec(before) ?? [];
  const input = before.includes('PASSWORD') ? PASSWORD : piped;
  const asks = args[1] === 'delete' || args[2] === 'reset';
  const { stdout, stderr } = await command.run(asks ? [...args, '--yes'] : args, `${input}\n`);
  // Only on PostgreSQL: progress.
  const lines = (stderr.startsWith('line ') ? stderr + stdout : stdout + stderr)
    .trimEnd()
    .split('\n')
    .filter((one) => !one.startsWith('waiting '));
  lines.forEach((one, index) => {
    const ids = one.match(IDENTIFIER) ?? [];
    for (const [place, id] of (output[index]?.match(IDENTIFIER) ?? []).entries()) actual.set(id, ids[place] ?? id);
  });
  done.push(line);
  return { line, output: lines };
}

test('every command of docs/cli.md has the output shown', async () => {
  expect(steps.length).toBeGreaterThanOrEqual(22);
  const found: Step[] = [];
  for (const step of steps) {
    for (const [pattern, prepare] of BEFORE) if (pattern.test(step.line)) await prepare();
    const { line, output } = await execute(step);
    found.push({ line, output: output.map(mask) });
  }
  expect(found).toEqual(steps.map(({ line, output }) => ({ line, output: output.map(mask) })));
}, 120_000);
