import { DataSource } from 'typeorm';
import { PASSWORD, type Tokens } from '../../support/client.js';
import { createDatabase } from '../../support/engine.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { ServerProcess } from '../../support/process.js';
import { TestServer } from '../../support/server.js';

/** Changing PORTERO_SECRET logs no user out. */
const [OLD, NEW] = [7, 9].map((byte) => Buffer.alloc(32, byte).toString('base64url')) as [string, string];
const CHANGED = { PORTERO_SECRET: NEW, PORTERO_SECRET_PREVIOUS: OLD };
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('on one server', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await TestServer.start();
  });
  afterEach(() => server.stop());

  const query = (sql: string) => server.get(DataSource).query(sql);
  const pepperOf = async (username: string): Promise<string> => {
    const [{ password_hash: hash }] = await query(`SELECT password_hash FROM users WHERE username = '${username}'`);
    return /pepper=([0-9a-f]{8})/.exec(hash)?.[1] as string;
  };
  const present = async (token: string) => (await server.client.get('/protected', { token })).status;
  /** Waits until background work has sealed everything under the new secret. */
  async function resealed(): Promise<void> {
    const lines = () => server.log.map(({ msg }) => msg);
    const deadline = Date.now() + 10_000;
    while (
      !lines().includes('signing keys sealed again with the current PORTERO_SECRET') ||
      !lines().includes('password peppers sealed again with the current PORTERO_SECRET')
    ) {
      if (Date.now() > deadline) throw new Error('not sealed again in 10 s');
      await pause(50);
    }
  }

  test('with the former secret in PORTERO_SECRET_PREVIOUS, tokens and passwords keep working', async () => {
    const tokens = await server.client.signUp('ana');
    const other = await server.client.logIn('ana');
    const { body: rotated } = await server.client.refresh(other.refresh_token);
    await server.restart(CHANGED);
    expect(await present(tokens.access_token)).toBe(200);
    expect((await server.client.refresh(tokens.refresh_token)).status).toBe(200);
    // A retry inside the grace window gets the successor of the same generation, authenticated by the new secret.
    const retry = await server.client.refresh(other.refresh_token);
    expect(retry.status).toBe(200);
    const unauthenticated = (token: string) => Buffer.from(token, 'base64url').subarray(0, 21).toString('hex');
    expect(unauthenticated(retry.body.refresh_token)).toBe(unauthenticated(rotated.refresh_token));
    expect((await server.client.refresh(retry.body.refresh_token)).status).toBe(200);
    await server.client.logIn('ana');
  });

  test('detects after the change the reuse of a refresh token that was used before it', async () => {
    const tokens = await server.client.signUp('ana');
    const { body: next } = await server.client.refresh(tokens.refresh_token);
    await server.restart(CHANGED);
    server.clock.advance(61_000);
    expect((await server.client.refresh(tokens.refresh_token)).body.code).toBe('refresh_token_reused');
    expect((await server.client.refresh(next.refresh_token)).body.code).toBe('session_revoked');
  });

  test('a hash gets the new pepper at the next login of its user', async () => {
    await server.client.signUp('ana');
    await server.client.signUp('berta');
    const before = await pepperOf('ana');
    await server.restart(CHANGED);
    const wrong = await server.client.post('/auth/login', { body: { username: 'ana', password: `${PASSWORD}!` } });
    expect([wrong.body.code, await pepperOf('ana')]).toEqual(['invalid_credentials', before]);
    await server.client.logIn('ana');
    expect(await pepperOf('ana')).not.toBe(before);
    expect(await pepperOf('berta')).toBe(before);
    await server.client.logIn('ana');
  });

  test('once everything is sealed again, removing the former secret invalidates only its refresh tokens', async () => {
    const old = await server.client.signUp('ana');
    await server.client.signUp('berta');
    await server.restart(CHANGED);
    const { body: refreshed } = await server.client.refresh((await server.client.logIn('ana')).refresh_token);
    await resealed();
    await server.restart({ PORTERO_SECRET: NEW, PORTERO_SECRET_PREVIOUS: '' });
    expect(await present(old.access_token)).toBe(200);
    expect(await present(refreshed.access_token)).toBe(200);
    expect((await server.client.refresh(refreshed.refresh_token)).status).toBe(200);
    expect((await server.client.refresh(old.refresh_token)).body.code).toBe('refresh_token_invalid');
    // No login since: the hash uses the former pepper, which is kept and sealed under the new secret.
    await server.client.logIn('berta');
    const [first] = await query(`SELECT count(*)::int AS peppers FROM password_peppers`);
    expect(first).toEqual({ peppers: 2 });
  });
});

testOnPostgres(
  'two instances change the secret one after the other in two steps, without a failed refresh or login',
  async () => {
    const database = await createDatabase();
    const settings = (secret: string, previous: string) => ({
      ...database.env,
      RATE_LIMIT: 'off',
      // Every user logs in hundreds of times, and continues with the first session.
      MAX_SESSIONS_PER_USER: '10000',
      PORTERO_SECRET: secret,
      PORTERO_SECRET_PREVIOUS: previous,
    });
    const start = (secret: string, previous: string) => ServerProcess.start(settings(secret, previous));
    const servers = await Promise.all([start(OLD, ''), start(OLD, '')]);
    const answers = new Set<string>();
    let going = true;
    let refreshes = 0;

    async function user(name: string): Promise<void> {
      let tokens = await servers[0].client.signUp(name);
      for (let turn = 0; going; turn++) {
        const { client } = servers[turn % 2] as ServerProcess;
        const refreshed = await client.refresh(tokens.refresh_token).catch(() => undefined);
        // The instance is being replaced, so the other one takes over, as behind a load balancer.
        if (refreshed === undefined || refreshed.status === 503) continue;
        answers.add(`refresh ${refreshed.status} ${refreshed.body.code ?? ''}`);
        if (refreshed.status !== 200) return;
        tokens = refreshed.body;
        refreshes += 1;
        const used = await client.get('/protected', { token: tokens.access_token }).catch(() => undefined);
        if (used) answers.add(`protected ${used.status}`);
        const body = { username: name, password: PASSWORD };
        const login =
          turn % 5 === 0 ? await client.post<Tokens>('/auth/login', { body }).catch(() => undefined) : undefined;
        if (login) answers.add(`login ${login.status}`);
      }
    }
    async function replace(index: number, secret: string, previous: string): Promise<void> {
      const former = servers[index] as ServerProcess;
      servers[index] = await start(secret, previous);
      await pause(300);
      await former.kill('SIGTERM');
      await pause(700);
    }
    async function change(): Promise<void> {
      await pause(500);
      for (const index of [0, 1]) await replace(index, OLD, NEW);
      for (const index of [0, 1]) await replace(index, NEW, OLD);
      await pause(1500);
      for (const index of [0, 1]) await replace(index, NEW, '');
    }
    try {
      const users = Array.from({ length: 6 }, (_, n) => user(`user-${n}`));
      await change().finally(() => {
        going = false;
      });
      await Promise.all(users);
      expect([...answers].sort()).toEqual(['login 200', 'protected 200', 'refresh 200 ']);
      expect(refreshes).toBeGreaterThan(100);
    } finally {
      await ServerProcess.killAll();
      await database.drop();
    }
  },
  300_000,
);
