import { DataSource } from 'typeorm';
import { Cleanup } from '../../src/database/cleanup.js';
import { TestServer } from '../support/server.js';

/** How long events stay, and that they stay as they are: ASVS 16.4.2, 14.2.7. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const query = (sql: string, parameters: unknown[] = []) => server.get(DataSource).query(sql, parameters);

test('rows can be added and not changed; only those older than 30 days can be deleted [ASVS 16.4.2]', async () => {
  await server.client.signUp('ana');
  const refusal = { message: expect.stringContaining('append-only') };
  await expect(query(`UPDATE audit_events SET ip = '203.0.113.7'`)).rejects.toMatchObject(refusal);
  await expect(query('DELETE FROM audit_events')).rejects.toMatchObject(refusal);
  await expect(query('TRUNCATE audit_events')).rejects.toMatchObject(refusal);
});

test('what is older than AUDIT_RETENTION is purged by the clock of the database, and nothing else [ASVS 14.2.7]', async () => {
  const insert = (days: number) =>
    query(
      `INSERT INTO audit_events (id, occurred_at, type, result, actor)
       SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || substring(replace(gen_random_uuid()::text, '-', '') FROM 13))::uuid,
              at, 'login', 'ok', 'user' FROM (SELECT now() - $1 * interval '1 day' AS at FROM generate_series(1, 1200)) AS times`,
      [days],
    );
  const count = async () => Number((await query(`SELECT count(*) FROM audit_events WHERE type = 'login'`))[0].count);
  const before = await count();
  await insert(399);
  await insert(401);
  server.clock.jump(100 * 86_400_000);
  await server.get(Cleanup).run();
  server.clock.jump(-100 * 86_400_000);
  expect(await count()).toBe(before + 1200);
});
