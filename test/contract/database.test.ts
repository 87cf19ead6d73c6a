import { DataSource, type DataSourceOptions } from 'typeorm';
import { StartError } from '../../src/config/start-error.js';
import { type Database, openDatabase } from '../../src/database/data-source.js';
import { EmbeddedDatabase } from '../../src/database/embedded/embedded-database.js';
import { migrate } from '../../src/database/migrate.js';
import { migrations } from '../../src/database/migrations/index.js';
import { createDatabase, type TestDatabase } from '../support/engine.js';
import { testOnEmbedded, testOnPostgres } from '../support/on-engine.js';
import { ServerProcess } from '../support/process.js';

const SECRET = Buffer.alloc(32, 7).toString('base64url');

/** Behavior that both engines must share: this suite runs on the embedded database and on PostgreSQL. */
let test_: TestDatabase;
let database: Database;
let source: DataSource;
beforeEach(async () => {
  test_ = await createDatabase();
  const { DATABASE_URL: databaseUrl, DATA_DIR: dataDir = '' } = test_.env;
  database = openDatabase({ databaseUrl, dataDir });
  source = await new DataSource(database.options).initialize();
});
afterEach(async () => {
  if (source.isInitialized) await source.destroy();
  await database.close();
  await ServerProcess.killAll();
  await test_.drop();
});

/** Reads a counter, waits and increments it, in a transaction that holds a row lock. */
async function increment(on: DataSource): Promise<void> {
  await on.transaction(async (manager) => {
    const [{ n }] = await manager.query('SELECT n FROM counter FOR UPDATE');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    await manager.query('UPDATE counter SET n = $1', [n + 1]);
  });
}

async function fiftyAtOnce(on: DataSource): Promise<number> {
  await on.query('CREATE TABLE counter (n integer NOT NULL)');
  await on.query('INSERT INTO counter VALUES (0)');
  await Promise.allSettled(Array.from({ length: 50 }, () => increment(on)));
  const [{ n }] = await on.query('SELECT n FROM counter');
  return n;
}

test('50 concurrent transactions that read, wait and write never interleave [ASVS 15.4.1]', async () => {
  expect(await fiftyAtOnce(source)).toBe(50);
});

test('a failed transaction leaves no changes, and concurrent ones keep theirs', async () => {
  await source.query('CREATE TABLE kept (n integer PRIMARY KEY)');
  const inserting = Array.from({ length: 50 }, (_, n) =>
    source.transaction(async (manager) => {
      await manager.query('INSERT INTO kept VALUES ($1)', [n]);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
      if (n % 2 === 1) await manager.query('INSERT INTO kept VALUES ($1)', [n]);
    }),
  );
  const outcomes = await Promise.allSettled(inserting);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(25);
  expect(await source.query('SELECT count(*)::int AS n FROM kept WHERE n % 2 = 0')).toEqual([{ n: 25 }]);
  expect(await source.query('SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 25 }]);
});

test('a client that disconnects inside a transaction leaves no changes, and the next one has its own session', async () => {
  await source.query('CREATE TABLE kept (n integer)');
  const runner = source.createQueryRunner();
  await runner.startTransaction();
  await runner.query('INSERT INTO kept VALUES (1)');
  await runner.query("SET application_name = 'left behind'");
  await source.destroy();
  source = await new DataSource(database.options).initialize();
  await source.query('INSERT INTO kept VALUES (2)');
  expect(await source.query('SELECT n FROM kept')).toEqual([{ n: 2 }]);
  expect(await source.query('SHOW application_name')).not.toEqual([{ application_name: 'left behind' }]);
  await source.destroy();
  source = await new DataSource(database.options).initialize();
  expect(await source.query('SELECT n FROM kept')).toEqual([{ n: 2 }]);
});

testOnEmbedded(
  'interleaves transactions with a naive pool of several clients on the one embedded session',
  async () => {
    await source.destroy();
    await database.close();
    const embedded = new EmbeddedDatabase(test_.env.DATA_DIR as string);
    const naive = await new DataSource({
      type: 'postgres',
      extra: { stream: embedded.connect, max: 10, user: 'postgres' },
    }).initialize();
    try {
      const runners = Array.from({ length: 10 }, () => naive.createQueryRunner());
      await Promise.all(runners.map((runner) => runner.connect()));
      await Promise.all(runners.map((runner) => runner.release()));
      expect(await fiftyAtOnce(naive)).not.toBe(50);
    } finally {
      await naive.destroy();
      await embedded.close();
    }
  },
);

test('both engines give the same JavaScript values and the same error codes', async () => {
  const [row] = await source.query(
    `SELECT 9007199254740993::int8 AS big, 7 AS small, true AS yes, 'x'::bytea AS bytes, NULL AS nothing,
            '2026-01-02T03:04:05.678Z'::timestamptz AS time, ARRAY['a','b'] AS list, '{"a":1}'::jsonb AS json`,
  );
  expect({ ...row, bytes: row.bytes.toString('hex'), time: row.time.toISOString() }).toEqual({
    big: '9007199254740993',
    small: 7,
    yes: true,
    bytes: '78',
    nothing: null,
    time: '2026-01-02T03:04:05.678Z',
    list: ['a', 'b'],
    json: { a: 1 },
  });
  await source.query('CREATE TABLE once (n integer CONSTRAINT only_once PRIMARY KEY)');
  await source.query('INSERT INTO once VALUES ($1)', [1]);
  await expect(source.query('INSERT INTO once VALUES ($1)', [1])).rejects.toMatchObject({
    code: '23505',
    constraint: 'only_once',
  });
  expect(await source.query('UPDATE once SET n = 2 RETURNING n')).toEqual([[{ n: 2 }], 1]);
});

test('every migration goes up, down and up again, and leaves the same schema', async () => {
  const schema = async () =>
    await source.query(
      `SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
        WHERE table_schema = 'public' ORDER BY 1, 2`,
    );
  const up = await schema();
  for (let taken = 0; taken < migrations.length; taken++) {
    expect(await migrate(source, 'revert')).toHaveLength(1);
  }
  const tables = new Set((await schema()).map((column: { table_name: string }) => column.table_name));
  expect([...tables]).toEqual(['migrations']);
  expect(await migrate(source)).toHaveLength(migrations.length);
  expect(await schema()).toEqual(up);
  expect(await migrate(source)).toEqual([]);
});

test('leaves a database of a newer release unchanged, with a one-line error for a start and for a revert', async () => {
  await source.query("INSERT INTO migrations (timestamp, name) VALUES (1999000000000, 'FromTheFuture1999000000000')");
  const before = await source.query('SELECT * FROM migrations');
  const refused = /^the database has been migrated by a newer release .*FromTheFuture1999000000000/;
  for (const direction of ['run', 'revert'] as const) {
    const error = await migrate(source, direction).catch((thrown) => thrown);
    expect([error, error.message]).toEqual([expect.any(StartError), expect.stringMatching(refused)]);
  }
  expect(await source.query('SELECT * FROM migrations')).toEqual(before);
  await source.destroy();
  await database.close();
  const line = 'portero: the database has been migrated by a newer[^\\n]*\\n$';
  const commands: [string[], RegExp][] = [
    [['node', 'dist/main.js'], new RegExp(`^${line}`)],
    // It has printed the database first.
    [['node', 'scripts/migrate.mjs', 'revert'], new RegExp(`^portero: migrations on [^\\n]*\\n${line}`)],
  ];
  for (const [command, expected] of commands) {
    const { code, stderr } = await ServerProcess.spawn({ PORTERO_SECRET: SECRET, ...test_.env }, command).exit;
    expect([code, stderr]).toEqual([1, expect.stringMatching(expected)]);
  }
});

testOnPostgres(
  'ten servers that start together on an empty database create one schema and one key',
  async () => {
    for (const _ of migrations) await migrate(source, 'revert');
    await source.query('DROP TABLE migrations');
    const servers = await Promise.all(Array.from({ length: 10 }, () => ServerProcess.start(test_.env)));
    const keys = await Promise.all(
      servers.map(async ({ client }) => (await client.get('/.well-known/jwks.json')).text),
    );
    expect(new Set(keys).size).toBe(1);
    const tokens = await (servers[0] as ServerProcess).client.signUp('ana');
    for (const { client } of servers) {
      expect((await client.get('/users/me', { token: tokens.access_token })).status).toBe(200);
    }
  },
  120_000,
);

testOnPostgres('a statement times out after 10 s, also if the server never responds', async () => {
  expect(await source.query('SHOW statement_timeout')).toEqual([{ statement_timeout: '10s' }]);
  expect((source.options as { extra: object }).extra).toMatchObject({ query_timeout: 10_000 });
});

testOnPostgres('a connection whose statement was never answered is not used again', async () => {
  const { extra } = database.options as { extra: object };
  const impatient = { ...database.options, extra: { ...extra, max: 1, statement_timeout: 0, query_timeout: 200 } };
  const one = await new DataSource(impatient as DataSourceOptions).initialize();
  const waiting = one.query('SELECT pg_sleep(5)');
  // It waits for the only connection, and gets it in the moment in which the pool takes it back.
  const next = one.query('SELECT 1 AS answer');
  await expect(waiting).rejects.toThrow('Query read timeout');
  expect(await next).toEqual([{ answer: 1 }]);
  await one.destroy();
});
