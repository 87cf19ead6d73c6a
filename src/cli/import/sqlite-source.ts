import { existsSync } from 'node:fs';
import sqlite from 'node-sqlite3-wasm';
import { CommandFailed } from '../command-failed.js';
import type { Column, RowSource, RowValues, SourceRow } from './source-row.js';

/** The table of users, and the columns by their names in {@link COLUMNS}. */
export interface SqliteMapping {
  table: string;
  columns: Partial<Record<Column, string>>;
}

/**
 * Reads the rows of a table in a SQLite file. The file is opened read-only.
 *
 * @throws CommandFailed if the file, the table or a column is missing
 */
export function sqliteSource(file: string, { table, columns }: SqliteMapping): RowSource {
  if (!existsSync(file)) throw new CommandFailed(`can't read ${file}: there is no such file`);
  let read = 0;
  let total = 0;
  const database = open(file);
  const known = attempt(file, () => database.all('SELECT name FROM pragma_table_xinfo(?)', table)).map(
    ({ name }) => name,
  );
  if (known.length === 0) throw new CommandFailed(`${file} has no table ${JSON.stringify(table)}`);
  for (const column of Object.values(columns)) {
    if (known.includes(column)) continue;
    throw new CommandFailed(`the table ${table} has no column ${JSON.stringify(column)}; it has: ${known.join(', ')}`);
  }
  const from = `FROM ${quoted(table)}`;
  total = Number(attempt(file, () => database.get(`SELECT count(*) AS total ${from}`))?.total);
  const selected = Object.entries(columns).map(([name, column]) => `${quoted(column)} AS ${name}`);
  const rowid = hasRowid(database, from) ? 'rowid' : 'NULL';
  const statement = attempt(file, () => database.prepare(`SELECT ${rowid} AS line, ${selected.join(', ')} ${from}`));
  async function* rows(): AsyncGenerator<SourceRow> {
    try {
      for (const { line, ...values } of statement.iterate() as Iterable<Record<string, unknown>>) {
        read++;
        yield { line: Number(line ?? read), values: texts(values) };
      }
    } catch (error) {
      throw unreadable(file, error);
    } finally {
      statement.finalize();
      database.close();
    }
  }
  return {
    rows: rows(),
    unit: rowid === 'rowid' ? 'rowid' : 'row',
    fraction: () => (total ? read / total : undefined),
  };
}

function open(file: string): sqlite.Database {
  return attempt(file, () => {
    const database = new sqlite.Database(file, { readOnly: true });
    // Required for files with a write-ahead log, because WebAssembly has no shared memory.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    return database;
  });
}

function attempt<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): unknown {
  return error instanceof sqlite.SQLite3Error
    ? new CommandFailed(`can't read ${file} as a SQLite database: ${error.message}`)
    : error;
}

/** Views and tables WITHOUT ROWID have none. */
function hasRowid(database: sqlite.Database, from: string): boolean {
  try {
    database.get(`SELECT rowid ${from} LIMIT 1`);
    return true;
  } catch {
    return false;
  }
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** Some applications store the hash as a BLOB of its text. */
function texts(values: Record<string, unknown>): RowValues {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value,
    ]),
  );
}
