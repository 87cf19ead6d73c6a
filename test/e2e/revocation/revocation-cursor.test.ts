import { DataSource } from 'typeorm';
import { ChangeFeed } from '../../../src/database/feed/change-feed.js';
import { FeedConnection, type Query } from '../../../src/database/feed/feed-connection.js';
import { Revocations } from '../../../src/sessions/revocation/revocations.js';
import type { Tokens } from '../../support/client.js';
import { until, verdict } from '../../support/instances.js';
import { TestServer } from '../../support/server.js';

/** Reads the revocation log on both engines; entries of other processes are found without a notification. */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const signUp = () => server.client.signUp(`user-${++user}`);
const ask = (token: string) => verdict(server.client, token);

/** Writes an entry without a notification, like another process. @param txid by default the current transaction's */
async function revokeBehindItsBack({ access_token }: Tokens, txid?: string): Promise<void> {
  const { sid } = JSON.parse(Buffer.from(access_token.split('.')[1] as string, 'base64url').toString());
  await server
    .get(DataSource)
    .query(
      `INSERT INTO revocations (session_id, expires_at, txid) VALUES ($1, $2, COALESCE($3::xid8, pg_current_xact_id()))`,
      [sid, new Date(server.clock.now() + 300_000), txid ?? null],
    );
}

/** Changes the results of the next reads of the log. @returns a function that undoes it */
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

test('reads an entry without a notification within about a second', async () => {
  const tokens = await signUp();
  expect(await ask(tokens.access_token)).toBe('200');
  await revokeBehindItsBack(tokens);
  await until('401 token_revoked', () => ask(tokens.access_token), 2000);
});

test('reads a log of any length completely, in pages', async () => {
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

test('after the machine was suspended, reads the log before it responds', async () => {
  for (let round = 0; round < 3; round++) {
    const tokens = await signUp();
    await revokeBehindItsBack(tokens);
    server.clock.advance(60_000);
    expect(await ask(tokens.access_token)).toBe('401 token_revoked');
  }
});

test('reads the whole log again after a restore, when transaction numbers are lower', async () => {
  const undo = alterReads((row) => {
    row.cursor = '4000000000000';
  });
  await aRead();
  undo();
  const tokens = await signUp();
  await revokeBehindItsBack(tokens, '3');
  await until('401 token_revoked', () => ask(tokens.access_token), 3500);
});

test('reads the whole log again after a failover to a standby, which may reuse transaction numbers', async () => {
  await aRead();
  const undo = alterReads((row) => {
    row.server = 'another one';
  });
  const tokens = await signUp();
  // Like a transaction that committed here while the other server used its number for another one.
  await revokeBehindItsBack(tokens, '3');
  await until('401 token_revoked', () => ask(tokens.access_token), 3500);
  undo();
});

test('a read from another server counts only after it has read the whole log [attack: replay after a failover]', async () => {
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

test('discards a read whose pages came from two servers', async () => {
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
