import { PASSWORD, type Tokens } from '../../support/client.js';
import { isPostgres } from '../../support/engine.js';
import { TwoInstances, until, verdict } from '../../support/instances.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { ServerProcess } from '../../support/process.js';
import { feedOnly } from '../../support/tcp-proxy.js';

/** A revocation on one instance reaches the other: two processes, one PostgreSQL. */
let instances: TwoInstances;
let oauthClient: string;
beforeAll(async () => {
  if (!isPostgres) return;
  // The feed is never stale in this file, so revocations arrive only through it.
  instances = await TwoInstances.start({ REVOCATION_STALE_AFTER: '60s' });
  const create = ['node', 'dist/portero.js', 'clients', 'create', '--name', 'api', '--json'];
  const env = { ...instances.database.env, PORTERO_SECRET: Buffer.alloc(32, 7).toString('base64url') };
  const { client_id, client_secret } = JSON.parse((await ServerProcess.spawn(env, create).exit).stdout);
  oauthClient = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`;
});
afterAll(() => instances?.stop());
afterEach(async () => {
  if (!isPostgres) return;
  instances.proxy.resume();
  if (instances.proxy.rewrite === undefined) return;
  instances.proxy.rewrite = undefined;
  await reconnected();
});

const a = () => instances.a.client;
const onB = (token: string) => verdict(instances.b.client, token);

async function liveOnB(): Promise<Tokens> {
  const tokens = await instances.signUp();
  expect(await onB(tokens.access_token)).toBe('200');
  return tokens;
}

/** Ways to end a session on A. Each returns access tokens that are revoked by then. */
const logout = async (): Promise<string[]> => {
  const { access_token } = await liveOnB();
  expect((await a().post('/logout', { token: access_token })).status).toBe(204);
  return [access_token];
};

const ENDS: [string, () => Promise<string[]>][] = [
  ['a logout by access token', logout],
  [
    'a logout by refresh token',
    async () => {
      const { access_token, refresh_token } = await liveOnB();
      expect((await a().post('/logout', { body: { refresh_token } })).status).toBe(204);
      return [access_token];
    },
  ],
  [
    'a changed password',
    async () => {
      const name = instances.newName();
      const [{ access_token }, ...others] = [await a().signUp(name), await a().logIn(name), await a().logIn(name)];
      const body = { current_password: PASSWORD, new_password: `${PASSWORD} anew` };
      expect((await a().post('/users/me/password', { token: access_token, body })).status).toBe(204);
      expect(await onB(access_token)).toBe('200');
      return others.map((tokens) => tokens.access_token);
    },
  ],
  [
    'a deleted user',
    async () => {
      const { access_token } = await liveOnB();
      const options = { token: access_token, body: { password: PASSWORD } };
      expect((await a().call('DELETE', '/users/me', options)).status).toBe(204);
      return [access_token];
    },
  ],
  [
    'a refresh token used again',
    async () => {
      const first = await liveOnB();
      const { body: second } = await a().refresh(first.refresh_token);
      const { body: third } = await a().refresh(second.refresh_token);
      expect((await a().refresh(first.refresh_token)).body.code).toBe('refresh_token_reused');
      return [first, second, third].map((tokens) => tokens.access_token);
    },
  ],
  [
    'a service (RFC 7009)',
    async () => {
      const { access_token } = await liveOnB();
      const headers = { Authorization: oauthClient, 'Content-Type': 'application/x-www-form-urlencoded' };
      expect((await a().post('/oauth/revoke', { headers, body: `token=${access_token}` })).status).toBe(200);
      return [access_token];
    },
  ],
  [
    'the end of all sessions',
    async () => {
      const { access_token } = await liveOnB();
      expect((await a().call('DELETE', '/auth/sessions', { token: access_token })).status).toBe(204);
      return [access_token];
    },
  ],
];

/** Checks that A rejects the tokens at once, and B in time. @returns how long B took, in milliseconds */
async function heardOnB(end: () => Promise<string[]>, withinMs: number): Promise<number> {
  const dead = await end();
  const began = performance.now();
  await Promise.all(dead.map((token) => until('401 token_revoked', () => onB(token), withinMs)));
  const tookMs = performance.now() - began;
  for (const token of dead) expect(await verdict(a(), token)).toBe('401 token_revoked');
  return tookMs;
}

/** Makes the feed of B reconnect. */
async function reconnected(): Promise<void> {
  instances.proxy.cut(feedOnly);
  await until('0', async () => String(instances.proxy.count(feedOnly)), 1000);
  await until('1', async () => String(instances.proxy.count(feedOnly)), 5000);
}

/** Makes the feed of B reconnect without receiving notifications. */
async function deafen(): Promise<void> {
  instances.proxy.rewrite = ['LISTEN portero', 'LISTEN nothing'];
  await reconnected();
}

for (const [name, end] of ENDS) {
  testOnPostgres(`${name} reaches the other instance by notification`, async () => {
    const times: number[] = [];
    for (let round = 0; round < 5; round++) times.push(await heardOnB(end, 2000));
    // With polling once per second alone, half of them would take more than half a second.
    expect(times.sort((x, y) => x - y)[2]).toBeLessThan(250);
  });
}

testOnPostgres('each of them reaches the other instance within about a second without notifications', async () => {
  await deafen();
  await Promise.all(ENDS.map(([, end]) => heardOnB(end, 1800)));
});

testOnPostgres('the feed reconnects and listens again after its connection has ended', async () => {
  for (const end of ['pg_terminate_backend', 'reset'] as const) {
    if (end === 'reset') instances.proxy.cut(feedOnly);
    else await terminate(`application_name = 'portero feed'`);
    await heardOnB(logout, 1800);
    await until('1', async () => String(instances.proxy.count(feedOnly)), 3000);
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      times.push(await heardOnB(logout, 1800));
    }
    expect(times.sort((x, y) => x - y)[2]).toBeLessThan(250);
  }
});

testOnPostgres('an instance without a connection for the feed polls through its pool', async () => {
  instances.proxy.refuse(feedOnly);
  for (let round = 0; round < 3; round++) await heardOnB(logout, 1800);
});

testOnPostgres('ignores malformed and unknown notifications', async () => {
  const { access_token } = await liveOnB();
  const until = Date.now() + 60_000;
  const id = '01a1fbda-0742-71ad-a02f-8b07ff0921b2';
  const malformed = [
    '',
    ':',
    'revoked',
    'revoked:',
    'revoked:;;;',
    `revoked:${id}`,
    `revoked:${id},`,
    `revoked:${id},NaN`,
    `revoked:${id},-1`,
    `revoked:${id},1e9`,
    `revoked:${id.slice(1)},${until}`,
    `revoked:__proto__,${until}`,
    `unknown:${id},${until}`,
    'keys:what?',
    `revoked:${'x'.repeat(7900)}`,
    `revoked:${'\u{1F980}\n'.repeat(1000)}`,
  ];
  for (const message of malformed) await instances.sql.query('SELECT pg_notify($1, $2)', ['portero', message]);
  await heardOnB(logout, 1800);
  expect(await onB(access_token)).toBe('200');
  expect(instances.b.stderr).toBe('');
});

testOnPostgres(
  '1,000 revocations at once all arrive',
  async () => {
    const users = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const name = instances.newName();
        const sessions = [await a().signUp(name)];
        while (sessions.length < 50) sessions.push(await a().logIn(name));
        return sessions.map(({ access_token }) => access_token);
      }),
    );
    const ended = await Promise.all(users.map(([token = '']) => a().call('DELETE', '/auth/sessions', { token })));
    expect(ended.map(({ status }) => status)).toEqual(Array(20).fill(204));
    for (const tokens of users) {
      for (const token of tokens) await until('401 token_revoked', () => onB(token), 3000);
    }
  },
  60_000,
);

testOnPostgres('does not miss a revocation whose transaction commits after later ones', async () => {
  await deafen();
  const { access_token } = await liveOnB();
  const [{ sid }] = [JSON.parse(Buffer.from(access_token.split('.')[1] as string, 'base64url').toString())];
  await instances.sql.query('BEGIN');
  try {
    await instances.sql.query(`INSERT INTO revocations (session_id, expires_at) VALUES ($1, now() + '5 minutes')`, [
      sid,
    ]);
    // Later ones commit and are read, more than once.
    for (let round = 0; round < 3; round++) await heardOnB(logout, 1800);
    expect(await onB(access_token)).toBe('200');
  } finally {
    await instances.sql.query('COMMIT');
  }
  await until('401 token_revoked', () => onB(access_token), 1800);
});

testOnPostgres(
  'an instance rejects tokens that were revoked while it was down [attack: replay after restart]',
  async () => {
    const [before, during, alive] = [await liveOnB(), await liveOnB(), await liveOnB()];
    await instances.b.client.post('/logout', { token: before.access_token });
    await instances.b.kill('SIGKILL');
    await a().post('/logout', { token: during.access_token });
    await instances.startB();
    expect(await onB(before.access_token)).toBe('401 token_revoked');
    expect(await onB(during.access_token)).toBe('401 token_revoked');
    expect(await onB(alive.access_token)).toBe('200');
  },
);

async function terminate(condition: string): Promise<void> {
  await instances.sql.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${condition}`,
  );
}
