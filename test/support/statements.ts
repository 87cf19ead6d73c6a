import { DataSource, type Logger } from 'typeorm';
import { BatchConnections, ListConnections } from '../../src/database/reserved-connections.js';
import { isPostgres } from './engine.js';
import type { TestServer } from './server.js';

/** Waits until the outbox has nothing left to deliver, such as the mails of a registration. */
export async function untilDelivered(database: DataSource): Promise<void> {
  const waiting = `SELECT count(*)::int AS n FROM outbox WHERE state = 'waiting'`;
  while ((await database.query(waiting))[0].n > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** The SQL that the server runs for requests during some work, without the polling of its feed. */
export async function statementsDuring(server: TestServer, work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = [];
  const nothing = () => {};
  const logger: Logger = {
    logQuery: (sql) => void statements.push(sql),
    logQueryError: nothing,
    logQuerySlow: nothing,
    logSchemaBuild: nothing,
    logMigration: nothing,
    log: nothing,
  };
  const database = server.get(DataSource);
  await untilDelivered(database);
  const { logger: usual } = database;
  database.logger = logger;
  // On the embedded database they use the data source.
  const reserved = isPostgres ? [server.get(BatchConnections), server.get(ListConnections)] : [];
  const restore = reserved.map((connections) => {
    const { query } = connections;
    const recorded: typeof query = (sql, parameters) => {
      statements.push(sql);
      return query(sql, parameters);
    };
    Object.assign(connections, { query: recorded });
    return () => Object.assign(connections, { query });
  });
  try {
    await work();
  } finally {
    database.logger = usual;
    for (const undo of restore) undo();
  }
  // Nor the counts that the audit trail writes for the minute before.
  const beside =
    /pg_snapshot_xmin|signing_keys|^\s*UPDATE outbox |^INSERT INTO audit_events|^START TRANSACTION$|^COMMIT$/;
  return statements.filter((sql) => !beside.test(sql));
}
