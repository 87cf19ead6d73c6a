import { DataSource } from 'typeorm';
import { AuditPartitions } from '../../../src/audit/audit-partitions.js';
import { firstIdOf } from '../../../src/audit/event-id.js';
import { Cleanup } from '../../../src/database/cleanup.js';
import { TestServer } from '../../support/server.js';

/** Retention of audit events, and their protection against changes: ASVS 16.4.2, 14.2.7. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const query = (sql: string, parameters: unknown[] = []) => server.get(DataSource).query(sql, parameters);

const DAY = 86_400_000;
const INSERT = `
  INSERT INTO audit_events (id, occurred_at, type, result, actor)
  VALUES ($1, now() - $2 * interval '1 day', 'key.rotated', 'ok', 'system')`;

async function partitions(): Promise<string[]> {
  const rows: { name: string }[] = await query(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_events'::regclass ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

const monthStart = (offset: number) =>
  new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + offset));
const nameOf = (offset: number) => `audit_events_${monthStart(offset).toISOString().slice(0, 7).replace('-', '_')}`;
let ids = 0;
const idAt = (time: Date) => `${firstIdOf(time).slice(0, -12)}${(++ids).toString(16).padStart(12, '0')}`;

/** The id of an event that belongs to a partition. */
async function idIn(name: string): Promise<string> {
  const [, year, month] = /_(\d{4})_(\d\d)$/.exec(name) ?? [];
  if (year !== undefined) return idAt(new Date(Date.UTC(Number(year), Number(month) - 1, 2)));
  return idAt(name === 'audit_events_early' ? new Date() : monthStart(24));
}

test('rows can be inserted but not updated, and deleted only if older than 30 days [ASVS 16.4.2]', async () => {
  await server.client.signUp('ana');
  const refusal = { message: expect.stringContaining('append-only') };
  await expect(query(`UPDATE audit_events SET ip = '203.0.113.7'`)).rejects.toMatchObject(refusal);
  await expect(query('DELETE FROM audit_events')).rejects.toMatchObject(refusal);
  await expect(query('TRUNCATE audit_events')).rejects.toMatchObject(refusal);
  for (const name of await partitions()) {
    await query(INSERT, [await idIn(name), 1]);
    await expect(query(`UPDATE ${name} SET ip = '203.0.113.7'`)).rejects.toMatchObject(refusal);
    await expect(query(`DELETE FROM ${name}`)).rejects.toMatchObject(refusal);
    await expect(query(`TRUNCATE ${name}`)).rejects.toMatchObject(refusal);
  }
});

test('deletes only events older than AUDIT_RETENTION by the clock of the database [ASVS 14.2.7]', async () => {
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

describe('partitions', () => {
  let server: TestServer;
  const query = (sql: string, parameters: unknown[] = []) => server.get(DataSource).query(sql, parameters);
  const list = async () =>
    (await query(`SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_events'::regclass`))
      .map(({ name }: { name: string }) => name)
      .sort();
  const count = async (where: string) =>
    Number((await query(`SELECT count(*) FROM audit_events WHERE ${where}`))[0].count);
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  /** Makes the first partition end so many months ago. It must not have events yet. */
  async function endFirstPartition(offset: number): Promise<void> {
    await query('ALTER TABLE audit_events DETACH PARTITION audit_events_early');
    const end = firstIdOf(monthStart(offset));
    await query(
      `ALTER TABLE audit_events ATTACH PARTITION audit_events_early FOR VALUES FROM (MINVALUE) TO ('${end}')`,
    );
  }

  const addMonth = (offset: number) =>
    query(
      `CREATE TABLE ${nameOf(offset)} PARTITION OF audit_events
         FOR VALUES FROM ('${firstIdOf(monthStart(offset))}') TO ('${firstIdOf(monthStart(offset + 1))}')`,
    );

  test('exist for this month and each of the next three, whichever instance runs first', async () => {
    const ahead = [1, 2, 3].map(nameOf);
    expect(await list()).toEqual([...ahead, 'audit_events_default', 'audit_events_early'].sort());
    await endFirstPartition(-20);
    await query(`DROP TABLE ${nameOf(2)}`);
    await Promise.all([1, 2, 3].map(() => server.get(AuditPartitions).maintain()));
    expect(await list()).toEqual([nameOf(0), ...ahead, 'audit_events_default', 'audit_events_early'].sort());
    await expect(query(`TRUNCATE ${nameOf(2)}`)).rejects.toThrow('append-only');
  });

  test('are dropped only if their newest event is older than AUDIT_RETENTION [ASVS 14.2.7]', async () => {
    // With 400 days, 15 months ago is past the retention and 12 months ago is not.
    for (const offset of [-15, -12]) {
      await addMonth(offset);
      await query(INSERT, [idAt(monthStart(offset)), Math.ceil((Date.now() - monthStart(offset).getTime()) / DAY)]);
    }
    await server.client.signUp('ana');
    const before = await count('true');
    expect(await count(`id < '${firstIdOf(monthStart(-14))}'`)).toBe(1);
    await server.get(Cleanup).run();
    expect(await list()).not.toContain(nameOf(-15));
    expect(await list()).toEqual(expect.arrayContaining([nameOf(-12), nameOf(0), 'audit_events_early']));
    expect(await count('true')).toBe(before - 1);
    expect(server.log).toContainEqual(expect.objectContaining({ partition: nameOf(-15) }));
  });

  test('are optional: an event of a month without one is kept in the default partition, also once the month begins', async () => {
    await query(`DROP TABLE ${nameOf(3)}`);
    await query(INSERT, [idAt(monthStart(3)), 0]);
    await server.get(AuditPartitions).maintain();
    expect(await list()).not.toContain(nameOf(3));
    expect(await count(`tableoid = 'audit_events_default'::regclass`)).toBe(1);
  });
});
