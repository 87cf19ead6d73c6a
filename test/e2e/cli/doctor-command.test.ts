import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { checkNode } from '../../../src/cli/doctor/machine-checks.js';
import { administer, databaseUrl, isPostgres } from '../../support/engine.js';
import { testOnEmbedded, testOnPostgres } from '../../support/on-engine.js';
import { PorteroCommand } from '../../support/portero-command.js';
import { TestServer } from '../../support/server.js';
import { SmtpTestServer } from '../../support/smtp.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

/** `portero doctor` finds planted faults, and says what to do. */
let command: PorteroCommand;
beforeEach(async () => {
  command = await PorteroCommand.create();
  Object.assign(command.database.env, SOUND);
});
afterEach(async () => {
  await TestServer.stopAll();
  await command.remove();
});

const RANDOM = 'dVh3kQz7Yc0LxP2mWb9sRt4uJn6oEg8fAiKqTvZ1HyM';
const SOUND = { PORTERO_SECRET: RANDOM, PUBLIC_URL: 'http://localhost:59999' };

interface Finding {
  check: string;
  level: string;
  message: string;
  remedy?: string;
}

/** Runs the command with these settings besides those that are sound. */
async function doctor(settings: Record<string, string> = {}): Promise<{ code: number; findings: Finding[] }> {
  const sound = { ...command.database.env };
  Object.assign(command.database.env, settings);
  const { code, stdout } = await command.run(['doctor', '--json']);
  command.database.env = sound;
  return { code, findings: JSON.parse(stdout).findings };
}

/** Expects one finding that is not `ok`, whose message matches, and a remedy. */
async function expectFault(level: string, check: string, message: RegExp, settings: Record<string, string> = {}) {
  const { code, findings } = await doctor(settings);
  expect(findings).toContainEqual({
    check,
    level,
    message: expect.stringMatching(message),
    remedy: expect.stringMatching(/\w/),
  });
  if (level === 'error') expect(code).toBe(1);
}

test('a sound installation has no errors, and nothing is changed', async () => {
  const { code, findings } = await doctor();
  expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
  expect(code).toBe(0);
  const checked = findings.filter(({ level }) => level === 'ok').map(({ check }) => check);
  expect(checked).toEqual(expect.arrayContaining(['disk', 'database version', 'migrations', 'clock', 'signing key']));
  if (isPostgres) expect(checked).toEqual(expect.arrayContaining(['LISTEN', 'connections']));
});

test('people get a line for each check, and the remedy below', async () => {
  const { code, stdout, stderr } = await command.run(['doctor']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^ok {7}database version +PostgreSQL \d+/m);
  expect(stdout).toMatch(/^WARNING {2}mail +SMTP_URL is not set.*\n +→ Set SMTP_URL/m);
  expect(stdout).toMatch(/^\d+ checks: 0 errors, \d+ warnings$/m);
});

describe('settings', () => {
  test.each<[string, string, string, RegExp, Record<string, string>]>([
    ['a value out of range', 'error', 'settings', /^BCRYPT_COST /, { BCRYPT_COST: '99' }],
    ['a limit that is off', 'warning', 'settings', /^RATE_LIMIT=off/, { RATE_LIMIT: 'off' }],
    ['a secret that is not random', 'error', 'secret', /only 1 different bytes/, { PORTERO_SECRET: 'A'.repeat(43) }],
    ['no encryption', 'error', 'proxy', /is not encrypted/, { PUBLIC_URL: 'http://auth.example.com' }],
    [
      'a proxy that is not trusted',
      'warning',
      'proxy',
      /TRUST_PROXY is not set/,
      { PUBLIC_URL: 'https://localhost:59999' },
    ],
    [
      'a way past the proxy',
      'warning',
      'proxy',
      /past the proxy/,
      { PUBLIC_URL: 'https://localhost:59999', TRUST_PROXY: '10.0.0.1', HOST: '0.0.0.0' },
    ],
    ['nothing at PUBLIC_URL', 'warning', 'PUBLIC_URL', /can't be read: .*ECONNREFUSED/, {}],
    ['no mail server, though users need one', 'error', 'mail', /SMTP_URL is not set/, { MAIL_SIGN_IN: 'on' }],
    ['a mail server that is down', 'error', 'mail', /ECONNREFUSED/, { SMTP_URL: 'smtp://127.0.0.1:1' }],
    ['a Redis that is down', 'error', 'Redis', /ECONNREFUSED/, { REDIS_URL: 'redis://127.0.0.1:1' }],
  ])('%s', async (_, level, check, message, settings) => {
    await expectFault(level, check, message, settings);
  });

  test('a mail server that rejects the login, and one that accepts it', async () => {
    const smtp = await SmtpTestServer.start({ login: { user: 'portero', password: 'right' } });
    await expectFault('error', 'mail', /535/, { SMTP_URL: smtp.url.replace('right', 'wrong') });
    const { findings } = await doctor({ SMTP_URL: smtp.url });
    expect(findings).toContainEqual(expect.objectContaining({ check: 'mail', level: 'ok' }));
    expect(smtp.seen.data).toBe(0);
    await smtp.stop();
  });

  test('a PUBLIC_URL that leads to another service', async () => {
    const other = createServer((_, response) => response.end('{"issuer":"https://other.example.com"}')).listen(0);
    const { port } = other.address() as AddressInfo;
    await expectFault('error', 'PUBLIC_URL', /other\.example\.com/, { PUBLIC_URL: `http://localhost:${port}` });
    other.close();
  });

  test('an unknown name in a file of settings that everybody can read', async () => {
    const file = command.file('settings.env', 'ACESS_TOKEN_TTL=5m\n');
    chmodSync(file, 0o644);
    await expectFault('warning', 'settings', /ACESS_TOKEN_TTL/, { ENV_FILE: file });
    await expectFault('error', 'file mode', /settings\.env has mode 0644/, { ENV_FILE: file });
  });
});

describe('the database', () => {
  test('a secret that does not open the signing key', async () => {
    await (await TestServer.on(command.database, SOUND)).stop();
    const other = RANDOM.replace('q', 'Q');
    await expectFault('error', 'signing key', /does not open the key/, { PORTERO_SECRET: other });
  });

  testOnEmbedded('no database in the folder', async () => {
    await expectFault('error', 'settings', /there is no database/, { DATA_DIR: command.folder });
  });

  testOnEmbedded('a secret file that others can read', async () => {
    const file = join(command.database.env.DATA_DIR as string, 'secret');
    await doctor();
    writeFileSync(file, `${RANDOM}\n`, { mode: 0o644 });
    await expectFault('error', 'file mode', /secret has mode 0644/, { PORTERO_SECRET: '' });
    rmSync(file);
  });

  testOnEmbedded('a server that uses it', async () => {
    const server = await TestServer.on(command.database, SOUND);
    await expectFault('warning', 'database', /in use by a running server/);
    await server.stop();
  });

  testOnPostgres('a server that is down, and a database that does not exist', async () => {
    const url = new URL(command.database.env.DATABASE_URL as string);
    await expectFault('error', 'database', /does not exist/, { DATABASE_URL: databaseUrl('no_such_database') });
    url.port = '1';
    await expectFault('error', 'database', /can't be reached/, { DATABASE_URL: url.href });
  });

  testOnPostgres('migrations that are pending, and those of a newer release', async () => {
    await command.sql('DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations)');
    await expectFault('warning', 'migrations', /^1 are pending/);
    await command.sql(`INSERT INTO migrations (timestamp, name) VALUES (4000000000000, 'Later4000000000000')`);
    await expectFault('error', 'migrations', /Later4000000000000/);
  });

  testOnPostgres('a role that is a superuser, and one that may not create tables', async () => {
    await expectFault('warning', 'privileges', /is a superuser/);
    const role = `doctor_${Date.now()}`;
    await administer(`CREATE ROLE ${role} LOGIN`);
    const url = new URL(command.database.env.DATABASE_URL as string);
    url.username = role;
    try {
      await command.sql(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
      await expectFault('error', 'privileges', new RegExp(`${role} may not create`), { DATABASE_URL: url.href });
      await command.sql(`DROP OWNED BY ${role}`);
    } finally {
      await administer(`DROP ROLE ${role}`);
    }
  });

  testOnPostgres('a key that was not rotated', async () => {
    await (await TestServer.on(command.database, SOUND)).stop();
    await command.sql(`UPDATE signing_keys SET activated_at = now() - interval '100 days' WHERE status = 'active'`);
    await expectFault('warning', 'signing key', /has signed for 100 days/);
  });

  testOnPostgres('a database that is far away', async () => {
    const proxy = await TcpProxy.start(command.database.env.DATABASE_URL as string);
    proxy.delayMs = 30;
    await expectFault('warning', 'database latency', /takes \d+\.\d ms/, { DATABASE_URL: proxy.url });
    await proxy.stop();
  });
});

test('a Node.js that is too old, has no security fixes, or is no long-term release', () => {
  expect(['18.20.0', '20.18.1', '20.19.0', '23.1.0', '24.0.0'].map((version) => checkNode(version).level)).toEqual([
    'error',
    'error',
    'warning',
    'warning',
    'ok',
  ]);
});
