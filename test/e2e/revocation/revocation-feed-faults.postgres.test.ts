import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import type { Tokens } from '../../support/client.js';
import { isPostgres } from '../../support/engine.js';
import { TwoInstances, until, verdict } from '../../support/instances.js';
import { expectProblem } from '../../support/matchers.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { everyone, feedOnly, poolOnly } from '../../support/tcp-proxy.js';

const STALE_AFTER_MS = 1500;
/** How long an instance may still reject requests after the network has recovered. */
const RECOVERY_MS = 6000;

/** Faults of the feed and the database: never a 2xx for a session that ended longer ago than the bound. */
let instances: TwoInstances;
beforeAll(async () => {
  if (isPostgres) instances = await TwoInstances.start({ REVOCATION_STALE_AFTER: '1500ms' });
});
afterAll(() => instances?.stop());
afterEach(() => instances?.proxy.resume());

const onB = (token: string) => verdict(instances.b.client, token);

async function liveOnB(): Promise<Tokens> {
  const tokens = await instances.signUp();
  await until('200', () => onB(tokens.access_token), RECOVERY_MS);
  return tokens;
}

/**
 * During `trouble`, logs out on A and sends requests to B until long after the bound. Then B recovers by itself.
 *
 * @returns the responses of B after the bound to the revoked token and to a valid one
 */
async function verdictsAfterTheBound(
  trouble: () => unknown,
  end: () => void = () => {},
): Promise<{ dead: string[]; live: string[] }> {
  const [ended, alive] = [await liveOnB(), await liveOnB()];
  await trouble();
  const logout = await instances.a.client.post('/logout', { token: ended.access_token });
  expect(logout.status).toBe(204);
  const answeredAt = performance.now();
  const seen = { dead: new Set<string>(), live: new Set<string>() };
  const ask = async (token: string, into: Set<string>) => {
    const askedAt = performance.now();
    const answer = await onB(token);
    if (askedAt > answeredAt + STALE_AFTER_MS) into.add(answer);
  };
  const asking: Promise<void>[] = [];
  while (performance.now() < answeredAt + STALE_AFTER_MS + 1500) {
    asking.push(ask(ended.access_token, seen.dead), ask(alive.access_token, seen.live));
    await sleep(25);
  }
  await Promise.all(asking);
  instances.proxy.resume();
  end();
  await until('200', () => onB(alive.access_token), RECOVERY_MS);
  expect(await onB(ended.access_token)).toBe('401 token_revoked');
  return { dead: [...seen.dead], live: [...seen.live] };
}

testOnPostgres(
  'if the feed cannot connect, reads revocations through the pool, rejects revoked tokens and accepts valid ones',
  async () => {
    const { dead, live } = await verdictsAfterTheBound(() => instances.proxy.refuse(feedOnly));
    expect({ dead, live }).toEqual({ dead: ['401 token_revoked'], live: ['200'] });
  },
);

testOnPostgres(
  'while the connection of the feed is silent, rejects revoked tokens and accepts valid ones',
  async () => {
    const { dead, live } = await verdictsAfterTheBound(() => instances.proxy.silence(feedOnly));
    expect(dead).toEqual(['401 token_revoked']);
    expect(live).toContain('200');
  },
);

testOnPostgres(
  'while the pool is cut off but the feed works, rejects revoked tokens and accepts valid ones',
  async () => {
    const { dead, live } = await verdictsAfterTheBound(() => instances.proxy.refuse(poolOnly));
    expect({ dead, live }).toEqual({ dead: ['401 token_revoked'], live: ['200'] });
  },
);

testOnPostgres(
  'responds to every request with 503 and Retry-After if the database is unreachable [attack: fail open]',
  async () => {
    const { access_token, refresh_token } = await liveOnB();
    const { dead, live } = await verdictsAfterTheBound(async () => {
      instances.proxy.refuse();
      await until('503 unavailable', () => onB(access_token), STALE_AFTER_MS + 1500);
      const { client } = instances.b;
      const answers = await Promise.all([
        client.get('/protected', { token: access_token }),
        client.get('/users/me', { token: access_token }),
        client.get('/auth/sessions', { token: access_token }),
        client.post('/logout', { token: access_token }),
        client.refresh(refresh_token),
        client.post('/login', { body: { username: 'somebody', password: 'x' } }),
        client.post('/register', { body: { username: 'new', password: 'a long and uncommon passphrase' } }),
      ]);
      for (const answer of answers) expectProblem(answer, 503, 'unavailable');
    });
    expect({ dead, live }).toEqual({ dead: ['503 unavailable'], live: ['503 unavailable'] });
  },
);

testOnPostgres('responds to every request with 503 within seconds while the database is silent', async () => {
  const began = performance.now();
  const { dead, live } = await verdictsAfterTheBound(() => instances.proxy.silence());
  expect({ dead, live }).toEqual({ dead: ['503 unavailable'], live: ['503 unavailable'] });
  expect(performance.now() - began).toBeLessThan(STALE_AFTER_MS + 2000 + RECOVERY_MS + 4000);
});

testOnPostgres('reconnects after a firewall has lost the state of every connection', async () => {
  const { dead } = await verdictsAfterTheBound(() => instances.proxy.forget());
  expect(dead.filter((answer) => answer.startsWith('2'))).toEqual([]);
});

testOnPostgres('a connection that never responds again fails one query and no later one', async () => {
  const username = instances.newName();
  await instances.a.client.signUp(username);
  const tenLogins = () => Promise.all(Array.from({ length: 10 }, () => loginOnB(username)));
  expect(await tenLogins()).toEqual(Array(10).fill('200'));
  instances.proxy.forget(poolOnly);
  expect(await tenLogins()).toContain('503');
  for (let time = 0; time < 3; time++) expect(await tenLogins()).toEqual(Array(10).fill('200'));
});

testOnPostgres('accepts no revoked token while the database restarts and refuses new connections', async () => {
  const { dead } = await verdictsAfterTheBound(async () => {
    instances.proxy.refused = everyone;
    await instances.sql.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await until('200', async () => String((await instances.a.client.get('/health/ready')).status), RECOVERY_MS);
  });
  expect(dead).toEqual(['503 unavailable']);
});

testOnPostgres(
  'accepts no revoked token after the bound while the database is paused (SIGSTOP) and resumed',
  async () => {
    let backends: { pid: number; name: string }[] = [];
    try {
      const { dead, live } = await verdictsAfterTheBound(
        async () => {
          // A paused proxy accepts no new connections either. A connects past it and can log out.
          instances.proxy.refused = everyone;
          const ports = instances.proxy.ports();
          const { rows } = await instances.sql.query<{ pid: number; name: string }>(
            'SELECT pid, datname AS name FROM pg_stat_activity WHERE datname = current_database() AND client_port = ANY ($1)',
            [ports],
          );
          backends = rows.filter(({ pid, name }) => isBackendOf(pid, name));
          signalAll(backends, 'SIGSTOP');
          if (backends.length < ports.length) instances.proxy.silence();
        },
        () => signalAll(backends, 'SIGCONT'),
      );
      expect({ dead, live }).toEqual({ dead: ['503 unavailable'], live: ['503 unavailable'] });
    } finally {
      signalAll(backends, 'SIGCONT');
    }
  },
);

testOnPostgres('an instance that was paused rejects revoked tokens from its first response on', async () => {
  const ended = await liveOnB();
  instances.b.child.kill('SIGSTOP');
  let answer: Promise<string>;
  try {
    await instances.a.client.post('/logout', { token: ended.access_token });
    answer = onB(ended.access_token);
    await sleep(STALE_AFTER_MS + 300);
  } finally {
    instances.b.child.kill('SIGCONT');
  }
  expect(await answer).toBe('401 token_revoked');
});

testOnPostgres('a slow network to the database delays responses, and no revoked token is accepted', async () => {
  instances.proxy.delayMs = 150;
  const { dead, live } = await verdictsAfterTheBound(() => {});
  expect({ dead, live }).toEqual({ dead: ['401 token_revoked'], live: ['200'] });
});

async function loginOnB(username: string): Promise<string> {
  const { status } = await instances.b.client.post('/login', {
    body: { username, password: 'a long and uncommon passphrase' },
  });
  return String(status);
}

/** Whether the process id that PostgreSQL reports is of this machine: PostgreSQL may run in another container. */
function isBackendOf(pid: number, database: string): boolean {
  try {
    const title = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return title.startsWith('postgres:') && title.includes(` ${database} `);
  } catch {
    return false;
  }
}

/** The processes that still exist: one whose client has disconnected ends as soon as it is resumed. */
function signalAll(backends: { pid: number; name: string }[], signal: NodeJS.Signals): void {
  for (const { pid, name } of backends) if (isBackendOf(pid, name)) process.kill(pid, signal);
}

testOnPostgres(
  'a forged notification ends no session and suppresses no revocation [attack: forged notification]',
  async () => {
    const [ended, alive] = [await liveOnB(), await liveOnB()];
    const forged = `revoked:${decodeJwt(alive.access_token).sid},${Date.now() + 60_000}`;
    for (let n = 0; n < 500; n++) await instances.sql.query('SELECT pg_notify($1, $2)', ['portero', forged]);
    const { status } = await instances.a.client.post('/logout', { token: ended.access_token });
    expect(status).toBe(204);
    await until('401 token_revoked', () => onB(ended.access_token), 1800);
    expect(await onB(alive.access_token)).toBe('200');
  },
);
