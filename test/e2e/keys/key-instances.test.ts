import { decodeProtectedHeader } from 'jose';
import type { Tokens } from '../../support/client.js';
import { testOnEmbedded, testOnPostgres } from '../../support/on-engine.js';
import { PorteroCommand } from '../../support/portero-command.js';
import { ServerProcess } from '../../support/process.js';
import { onDatabase } from '../../support/tables.js';

/** Keys with several instances on one PostgreSQL. */
let command: PorteroCommand;
beforeEach(async () => {
  command = await PorteroCommand.create();
});
afterEach(async () => {
  await ServerProcess.killAll();
  await command.remove();
});

const env = (settings: Record<string, string> = {}) => ({ ...command.database.env, RATE_LIMIT: 'off', ...settings });
const start = (count: number, settings: Record<string, string> = {}) =>
  Promise.all(Array.from({ length: count }, () => ServerProcess.start(env(settings))));
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const published = async ({ client }: ServerProcess) => (await client.get('/.well-known/jwks.json')).text;

async function states(): Promise<string[]> {
  const { stdout } = await command.run(['keys', 'list', '--json']);
  return JSON.parse(stdout)
    .keys.map(({ status }: { status: string }) => status)
    .sort();
}

testOnPostgres(
  'if six instances start at once when a rotation is due, exactly one rotates and all learn of it',
  async () => {
    const [first] = (await start(1)) as [ServerProcess];
    const { access_token } = await first.client.signUp('ana');
    await first.kill('SIGTERM');
    for (const round of [1, 2, 3]) {
      // Long enough ago that a rotation is due and the next key may become active.
      await onDatabase(command.database, (source) =>
        source.query(
          `UPDATE signing_keys SET created_at = created_at - interval '1 hour', activated_at = activated_at - interval '1 hour'`,
        ),
      );
      const servers = await start(6, { KEY_ROTATION: '30m' });
      await pause(2500);
      expect((await states()).filter((status) => status === 'retiring')).toHaveLength(round);
      expect(await states()).toEqual(['active', 'next', ...Array(round).fill('retiring')]);
      expect(new Set(await Promise.all(servers.map(published))).size).toBe(1);
      for (const { client } of servers) {
        expect((await client.get('/protected', { token: access_token })).status).toBe(200);
      }
      expect(servers.filter(({ stdout }) => stdout.includes('key.rotated'))).toHaveLength(1);
      await Promise.all(servers.map((server) => server.kill('SIGTERM')));
    }
  },
  300_000,
);

testOnPostgres(
  'three rotations under load on two instances cause no wrong response in 10,000 requests',
  async () => {
    const servers = await start(2);
    const answers: Record<string, number> = {};
    const kids = new Set<string>();
    let rotating = true;
    let requests = 0;
    let turn = 0;
    const client = () => (servers[turn++ % servers.length] as ServerProcess).client;
    const count = (what: string, status: number) => {
      requests += 1;
      const name = `${what} ${status}`;
      answers[name] = (answers[name] ?? 0) + 1;
    };
    const take = (tokens: Tokens) => kids.add(decodeProtectedHeader(tokens.access_token).kid as string);

    async function user(name: string): Promise<void> {
      let tokens = await client().signUp(name);
      for (let round = 1; rotating || requests < 10_000; round++) {
        take(tokens);
        for (const _ of [1, 2, 3, 4]) {
          count('protected', (await client().get('/protected', { token: tokens.access_token })).status);
        }
        count('jwks', (await client().get('/.well-known/jwks.json')).status);
        const { status, body } = await client().refresh(tokens.refresh_token);
        count('refresh', status);
        if (status === 200) tokens = body;
        if (round % 8 > 0) continue;
        const login = await client().post<Tokens>('/auth/login', {
          body: { username: name, password: 'a long and uncommon passphrase' },
        });
        count('login', login.status);
        if (login.status === 200) tokens = login.body;
      }
    }

    async function rotations(): Promise<void> {
      for (const _ of [1, 2, 3]) {
        const { code, stderr } = await command.run(['keys', 'rotate']);
        expect({ code, stderr }).toMatchObject({ code: 0 });
        await pause(500);
      }
      rotating = false;
    }

    await Promise.all([
      rotations().finally(() => (rotating = false)),
      ...Array.from({ length: 12 }, (_, n) => user(`user-${n}`)),
    ]);
    expect(answers).toEqual({
      'protected 200': expect.any(Number),
      'jwks 200': expect.any(Number),
      'refresh 200': expect.any(Number),
      'login 200': expect.any(Number),
    });
    expect(requests).toBeGreaterThanOrEqual(10_000);
    expect(kids.size).toBe(4);
    expect(await states()).toEqual(['active', 'next', 'retiring', 'retiring', 'retiring']);
    for (const { stdout } of servers) expect(stdout).not.toMatch(/"level":"(error|fatal)"/);
  },
  300_000,
);

testOnEmbedded('a key command fails in one line while a server uses the embedded database', async () => {
  const [server] = (await start(1)) as [ServerProcess];
  const before = await published(server);
  for (const args of [['list'], ['rotate'], ['revoke', 'x']]) {
    expect(await command.run(['keys', ...args])).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^portero: .* is in use by another Portero process: .*\n$/),
    });
  }
  expect(await published(server)).toBe(before);
});
