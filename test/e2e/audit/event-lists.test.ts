import { decodeJwt } from 'jose';
import { DataSource } from 'typeorm';
import { AUDIT_EVENTS } from '../../../src/audit/audit-events.js';
import { AuditHistory } from '../../../src/audit/audit-history.js';
import type { Answer, Tokens } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { TestServer } from '../../support/server.js';

/** `GET /users/me/events` of a user with very many events. */
const ROWS = 100_000;
let server: TestServer;
let tokens: Tokens;
let userId: string;
const query = (sql: string, values: unknown[] = []) => server.get(DataSource).query(sql, values);
const list = (parameters: string) =>
  server.client.get<{ events: { id: string; type: string }[]; next: string | null }>(`/users/me/events?${parameters}`, {
    token: tokens.access_token,
  });

beforeAll(async () => {
  server = await TestServer.start();
  tokens = await server.client.signUp('busy');
  userId = decodeJwt(tokens.access_token).sub as string;
  await query(
    `INSERT INTO audit_events (id, occurred_at, type, result, user_id, actor)
     SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, now(), 'refresh', 'ok', $1, 'user'
       FROM generate_series(1, $2::int) n`,
    [userId, ROWS],
  );
  // Misleading statistics: all events are of this user, and almost all have the same type.
  await query('ANALYZE audit_events');
});
afterAll(() => server.stop());

/** The number of rows that PostgreSQL read for a page. */
async function rowsRead(type: keyof typeof AUDIT_EVENTS | undefined, before?: string): Promise<number> {
  let read = 0;
  const history = new AuditHistory(async (sql, values) => {
    if (sql.includes('pg_inherits')) return await query(sql, values);
    const [{ 'QUERY PLAN': plan }] = await query(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, values);
    const visit = (node: Record<string, unknown>): void => {
      read = Math.max(read, Number(node['Actual Rows']) + Number(node['Rows Removed by Filter'] ?? 0));
      for (const child of (node.Plans ?? []) as Record<string, unknown>[]) visit(child);
    };
    visit(plan[0].Plan);
    return [];
  });
  await history.page({ userId, type, before }, 20);
  return read;
}

test('finds events of a rare type without reading all others [attack: starving the database]', async () => {
  for (const type of Object.keys(AUDIT_EVENTS) as (keyof typeof AUDIT_EVENTS)[]) {
    expect([type, (await rowsRead(type)) <= 20]).toEqual([type, true]);
  }
  expect(await rowsRead('refresh', '00000000-0000-7000-8000-00000000ffff')).toBe(20);
  expect(await rowsRead(undefined)).toBe(20);
});

test('a page of one type continues where the previous one ended', async () => {
  expect((await list('type=logout')).body).toEqual({ events: [], next: null });
  const first = (await list('type=refresh&limit=3')).body;
  const second = (await list(`type=refresh&limit=3&before=${first.next}`)).body;
  const numbers = [...first.events, ...second.events].map(({ id }) => Number.parseInt(id.slice(-12), 16));
  expect(numbers).toEqual([0, 1, 2, 3, 4, 5].map((n) => ROWS - n));
});

testOnPostgres('cancels lists that take longer than a second, and other requests do not wait for them', async () => {
  const lock = server.get(DataSource).createQueryRunner();
  await lock.startTransaction();
  const lists: Promise<Answer>[] = [];
  try {
    await lock.query('LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE');
    lists.push(...Array.from({ length: 30 }, () => list('type=logout') as Promise<Answer>));
    const me = await server.client.get('/users/me', { token: tokens.access_token });
    expect([me.status, (await server.client.get('/health/ready')).status]).toEqual([200, 200]);
    for (const answer of await Promise.all(lists)) expectProblem(answer, 503, 'unavailable');
  } finally {
    await lock.rollbackTransaction();
    await lock.release();
  }
  expect((await list('type=logout')).status).toBe(200);
});

test('a page reads only its own events, whatever the statistics of the partitions', async () => {
  const [{ now }] = await query('SELECT now()');
  const half = new Date(now.getTime() + 45 * 86_400_000).getTime().toString(16).padStart(12, '0');
  await query(
    `INSERT INTO audit_events (id, occurred_at, type, result, user_id, actor)
     SELECT ($3::text || '7' || lpad(to_hex(n), 19, '0'))::uuid, now(), 'refresh', 'ok', $1, 'user'
       FROM generate_series(1, $2::int) n`,
    [userId, 5000, half],
  );
  for (const analyze of [false, true]) {
    if (analyze) await query('ANALYZE audit_events');
    for (const type of ['refresh', 'logout', undefined] as const) {
      const read = await rowsRead(type);
      expect([analyze, type, read <= 40]).toEqual([analyze, type, true]);
    }
  }
});
