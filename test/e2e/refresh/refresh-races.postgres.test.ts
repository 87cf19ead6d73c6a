import { decodeJwt } from 'jose';
import type { Answer, Client, Tokens } from '../../support/client.js';
import { PASSWORD } from '../../support/client.js';
import { isPostgres } from '../../support/engine.js';
import { TwoInstances, until, verdict } from '../../support/instances.js';
import { testOnPostgres } from '../../support/on-engine.js';

const ROUNDS = 200;
/** Concurrent rounds: they disturb each other, which leads to more different orders. */
const LANES = 5;

/** Concurrent requests for one session on two instances: in any order, no false reuse detection and no token left valid. */
let instances: TwoInstances;
beforeAll(async () => {
  if (isPostgres) instances = await TwoInstances.start({ REFRESH_GRACE: '60s' });
});
afterAll(() => instances?.stop());

const a = () => instances.a.client;
const b = () => instances.b.client;
type Refreshed = Answer<Tokens & { code?: string }>;
const inShort = ({ status, body }: Refreshed) => (body.code ? `${status} ${body.code}` : String(status));

async function rounds(round: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < ROUNDS) await round(next++);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Starts both in alternating order, so that neither is always first. */
function together<A, B>(index: number, first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
  if (index % 2 === 0) return Promise.all([first(), second()]);
  const other = second();
  return Promise.all([first(), other]);
}

/** Tokens that a race left behind, of sessions that must have ended. */
class Dead {
  readonly #access: string[] = [];
  readonly #refresh: string[] = [];

  add(...tokens: Tokens[]): void {
    for (const { access_token, refresh_token } of tokens) {
      this.#access.push(access_token);
      this.#refresh.push(refresh_token);
    }
  }

  /** Checks on both instances, once each must have received the revocation. */
  async expectDead(): Promise<void> {
    for (const client of [a(), b()]) {
      const all = async () => [...(await this.#verdicts(client))].join();
      await until('401 token_revoked', all, 5000);
      const answers = new Set((await inBatches(this.#refresh, (token) => client.refresh(token))).map(inShort));
      expect([...answers]).toEqual(['401 session_revoked']);
    }
  }

  async #verdicts(client: Client): Promise<Set<string>> {
    return new Set(await inBatches(this.#access, (token) => verdict(client, token)));
  }
}

async function inBatches<T, R>(all: readonly T[], one: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let at = 0; at < all.length; at += 20) answers.push(...(await Promise.all(all.slice(at, at + 20).map(one))));
  return answers;
}

testOnPostgres(
  '20 concurrent refreshes with one token on two instances all get the same successor [attack: refresh race]',
  async () => {
    await rounds(async () => {
      const { refresh_token } = await instances.signUp();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 ? a() : b()).refresh(refresh_token)),
      );
      expect(answers.map(inShort)).toEqual(Array(20).fill('200'));
      const successors = new Set(answers.map(({ body }) => body.refresh_token));
      expect(successors.size).toBe(1);
      expect(inShort(await b().refresh([...successors][0] as string))).toBe('200');
    });
  },
  120_000,
);

testOnPostgres('a refresh that races a logout leaves no valid token, in any order', async () => {
  const dead = new Dead();
  const outcomes = new Set<string>();
  await rounds(async (index) => {
    const tokens = await instances.signUp();
    const [refreshed, { status }] = await together(
      index,
      () => a().refresh(tokens.refresh_token),
      () => b().post('/logout', { token: tokens.access_token }),
    );
    expect(status).toBe(204);
    outcomes.add(inShort(refreshed));
    dead.add(tokens, ...(refreshed.status === 200 ? [refreshed.body] : []));
  });
  expect([...outcomes].every((one) => ['200', '401 session_revoked'].includes(one))).toBe(true);
  await dead.expectDead();
});

testOnPostgres('a retry that races a refresh with the successor gets that successor or ends the session', async () => {
  const dead = new Dead();
  await rounds(async (index) => {
    const first = await instances.signUp();
    const { body: second } = await a().refresh(first.refresh_token);
    const [retry, next] = await together(
      index,
      () => a().refresh(first.refresh_token),
      () => b().refresh(second.refresh_token),
    );
    if (retry.status === 200) {
      expect([retry.body.refresh_token, inShort(next)]).toEqual([second.refresh_token, '200']);
      expect(inShort(await a().refresh(next.body.refresh_token))).toBe('200');
      return;
    }
    // The successor had been used, so someone else may hold either token.
    expect(inShort(retry)).toBe('401 refresh_token_reused');
    expect(['200', '401 session_revoked']).toContain(inShort(next));
    dead.add(first, second, ...(next.status === 200 ? [next.body] : []));
  });
  await dead.expectDead();
});

testOnPostgres('a password change that races a refresh ends the other session and keeps its own', async () => {
  const dead = new Dead();
  await rounds(async (index) => {
    const username = instances.newName();
    const mine = await a().signUp(username);
    const theirs = await b().logIn(username);
    const body = { current_password: PASSWORD, new_password: `${PASSWORD} anew` };
    const [refreshed, { status }] = await together(
      index,
      () => a().refresh(theirs.refresh_token),
      () => b().post('/users/me/password', { token: mine.access_token, body }),
    );
    expect(status).toBe(204);
    expect(['200', '401 session_revoked']).toContain(inShort(refreshed));
    dead.add(theirs, ...(refreshed.status === 200 ? [refreshed.body] : []));
    expect(await verdict(a(), mine.access_token)).toBe('200');
    expect(inShort(await a().refresh(mine.refresh_token))).toBe('200');
  });
  await dead.expectDead();
});

testOnPostgres('a refresh that races the deletion of the user leaves no valid token', async () => {
  const dead = new Dead();
  await rounds(async (index) => {
    const tokens = await instances.signUp();
    const [refreshed, { status }] = await together(
      index,
      () => a().refresh(tokens.refresh_token),
      () => b().call('DELETE', '/users/me', { token: tokens.access_token, body: { password: PASSWORD } }),
    );
    expect(status).toBe(204);
    expect(['200', '401 session_revoked']).toContain(inShort(refreshed));
    dead.add(tokens, ...(refreshed.status === 200 ? [refreshed.body] : []));
  });
  await dead.expectDead();
});

testOnPostgres(
  'retries work after kill -9 while refreshes share statements, committed or not [attack: lost answer]',
  async () => {
    const PER_KILL = 20;
    for (let killed = 0; killed < ROUNDS; killed += PER_KILL) {
      const sessions: Tokens[] = [];
      while (sessions.length < PER_KILL) sessions.push(await instances.signUp());
      const committed = instances.proxy.withholdAnswerTo(/SET generation = s\.generation \+ 1/);
      const lost = sessions.map(({ refresh_token }) => b().refresh(refresh_token));
      await committed;
      await instances.b.kill('SIGKILL');
      expect((await Promise.allSettled(lost)).map(({ status }) => status)).toEqual(Array(PER_KILL).fill('rejected'));
      instances.proxy.unanswered = undefined;
      const { rows } = await instances.sql.query(
        'SELECT count(*)::int AS n FROM (SELECT generation FROM sessions ORDER BY id DESC LIMIT $1) s WHERE generation = 2',
        [PER_KILL],
      );
      expect(rows[0].n).toBeGreaterThan(0);

      await instances.startB();
      for (const { refresh_token } of sessions) {
        const retry = await b().refresh(refresh_token);
        expect(inShort(retry)).toBe('200');
        expect((await a().refresh(refresh_token)).body.refresh_token).toBe(retry.body.refresh_token);
        expect(await verdict(a(), retry.body.access_token)).toBe('200');
        expect(inShort(await a().refresh(retry.body.refresh_token))).toBe('200');
      }
    }
  },
  120_000,
);

testOnPostgres('a refresh that waited for a lock has its whole grace window afterwards', async () => {
  const { refresh_token, access_token } = await instances.signUp();
  const { sid } = decodeJwt(access_token);
  const { sql } = instances;
  await sql.query('BEGIN');
  await sql.query('UPDATE sessions SET last_seen_at = now() WHERE id = $1', [sid]);
  const refreshed = a().refresh(refresh_token);
  const waiting = `SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  await until('1', async () => (await sql.query(waiting)).rows[0].n, 5000);
  const { rows } = await sql.query('SELECT clock_timestamp() AS released FROM pg_sleep(0.2)');
  await sql.query('COMMIT');
  expect(inShort(await refreshed)).toBe('200');
  const session = await sql.query('SELECT rotated_at FROM sessions WHERE id = $1', [sid]);
  expect(session.rows[0].rotated_at.getTime()).toBeGreaterThanOrEqual(rows[0].released.getTime());
});
