import { DataSource } from 'typeorm';
import { ChangeFeed } from '../../../src/database/feed/change-feed.js';
import { FeedConnection, type Query } from '../../../src/database/feed/feed-connection.js';
import { Revocations } from '../../../src/sessions/revocation/revocations.js';
import type { Tokens } from '../../support/client.js';
import { until, verdict } from '../../support/instances.js';
import { TestServer } from '../../support/server.js';

/** How the log is read on, on both engines: entries that another process writes are met without a notification. */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const signUp = () => server.client.signUp(`user-${++user}`);
const ask = (token: string) => verdict(server.client, token);

/** As another process would, of which nobody is told. @param txid of the transaction, this one where it is left out */
async function revokeBehindItsBack({ access_token }: Tokens, txid?: string): Promise<void> {
  const { sid } = JSON.parse(Buffer.from(access_token.split('.')[1] as string, 'base64url').toString());
  await server
    .get(DataSource)
    .query(
      `INSERT INTO revocations (session_id, expires_at, txid) VALUES ($1, $2, COALESCE($3::xid8, pg_current_xact_id()))`,
      [sid, new Date(server.clock.now() + 300_000), txid ?? null],
    );
}

/** Changes what the next reads of the log are answered. @returns what undoes that */
function alterReads(alter: (row: Record<string, unknown>) => void): () => void {
  const connection = server.get(FeedConnection) as { query: Query };
  const { query } = connection;
  connection.query = async <Row>(sql: string, parameters?: unknown[]) => {
    const rows = await query<Row>(sql, parameters);
    if (sql.includes('revocations')) for (const row of rows) alter(row as Record<string, unknown>);
    return rows;
  };
  return () => {
    connection.query = query;
  };
}

const aRead = async () => {
  let reads = 0;
  const undo = alterReads(() => {
    reads += 1;
  });
  while (reads < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  undo();
};

test('an entry that nobody told of is read within about a second', async () => {
  const tokens = await signUp();
  expect(await ask(tokens.access_token)).toBe('200');
  await revokeBehindItsBack(tokens);
  await until('401 token_revoked', () => ask(tokens.access_token), 2000);
});

test('a log of any length is read in pages, and whole', async () => {
  const sizes: number[] = [];
  const connection = server.get(FeedConnection) as { query: Query };
  const { query } = connection;
  connection.query = async <Row>(sql: string, parameters?: unknown[]) => {
    const rows = await query<Row>(sql, parameters);
    sizes.push(rows.length);
    return rows;
  };
  const before = server.get(Revocations).size;
  const tokens = await signUp();
  await server.get(DataSource).transaction(async (manager) => {
    await manager.query(
      `INSERT INTO revocations (session_id, expires_at) SELECT gen_random_uuid(), $1 FROM generate_series(1, 25000)`,
      [new Date(server.clock.now() + 300_000)],
    );
  });
  await revokeBehindItsBack(tokens);
  await until('401 token_revoked', () => ask(tokens.access_token), 8000);
  connection.query = query;
  expect(server.get(Revocations).size - before).toBe(25_001);
  expect(Math.max(...sizes)).toBe(10_000);
});

test('a machine that was suspended asks before it answers', async () => {
  for (let round = 0; round < 3; round++) {
    const tokens = await signUp();
    await revokeBehindItsBack(tokens);
    server.clock.advance(60_000);
    expect(await ask(tokens.access_token)).toBe('401 token_revoked');
  }
});

test('a restored database, whose transactions have lower numbers, is read anew', async () => {
  const undo = alterReads((row) => {
    row.cursor = '4000000000000';
  });
  await aRead();
  undo();
  const tokens = await signUp();
  await revokeBehindItsBack(tokens, '3');
  await until('401 token_revoked', () => ask(tokens.access_token), 3500);
});

test('another server with the same data (a standby that took over) is read anew: some numbers are given twice', async () => {
  await aRead();
  const undo = alterReads((row) => {
    row.server = 'another one';
  });
  const tokens = await signUp();
  // As of a transaction that committed here while the other server had given its number to another one.
  await revokeBehindItsBack(tokens, '3');
  await until('401 token_revoked', () => ask(tokens.access_token), 3500);
  undo();
});

test('the read that meets another server counts only when it has read the whole log [attack: replay after a failover]', async () => {
  for (let round = 0; round < 3; round++) {
    await aRead();
    const tokens = await signUp();
    const undo = alterReads((row) => {
      row.server = `another one ${round}`;
    });
    await revokeBehindItsBack(tokens, '3');
    await server.get(ChangeFeed).catchUp();
    expect(await ask(tokens.access_token)).toBe('401 token_revoked');
    undo();
  }
});

test('a log whose pages come from two servers counts as not read', async () => {
  await server
    .get(DataSource)
    .query(
      `INSERT INTO revocations (session_id, expires_at) SELECT gen_random_uuid(), $1 FROM generate_series(1, 10000)`,
      [new Date(server.clock.now() + 300_000)],
    );
  let row = 0;
  const undo = alterReads((page) => {
    page.server = row++ < 15_000 ? 'one' : 'another';
  });
  await expect(server.get(ChangeFeed).catchUp()).rejects.toThrow('the database server changed');
  undo();
  await server.get(ChangeFeed).catchUp();
  expect(await ask((await signUp()).access_token)).toBe('200');
});
