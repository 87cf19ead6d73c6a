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
 * @throws CommandFailed if the file, the table or a column is missing, or if another program has locked the file
 */
export function sqliteSource(file: string, mapping: SqliteMapping): RowSource {
  if (!existsSync(file)) throw new CommandFailed(`can't read ${file}: there is no such file`);
  if (existsSync(`${file}.lock`)) throw locked(file);
  const opened = open(file);
  try {
    return { ...tableRows(file, opened, mapping), close: opened.close };
  } catch (error) {
    opened.close();
    throw error;
  }
}

function tableRows(file: string, opened: OpenFile, { table, columns }: SqliteMapping): Omit<RowSource, 'close'> {
  const { database } = opened;
  checkColumns(file, database, { table, columns });
  const from = `FROM ${quoted(table)}`;
  const total = Number(attempt(file, () => database.get(`SELECT count(*) AS total ${from}`))?.total);
  const selected = Object.entries(columns).map(([name, column]) => `${quoted(column)} AS ${name}`);
  const rowid = hasRowid(database, from) ? 'rowid' : 'NULL';
  const statement = attempt(file, () => opened.prepare(`SELECT ${rowid} AS line, ${selected.join(', ')} ${from}`));
  let read = 0;
  async function* rows(): AsyncGenerator<SourceRow> {
    try {
      for (const { line, ...values } of statement.iterate() as Iterable<Record<string, unknown>>) {
        read++;
        yield { line: Number(line ?? read), values: texts(values) };
      }
    } catch (error) {
      throw unreadable(file, error);
    }
  }
  return {
    rows: rows(),
    unit: rowid === 'rowid' ? 'rowid' : 'row',
    fraction: () => (total ? read / total : undefined),
  };
}

/** @throws CommandFailed if the table or a column is missing */
function checkColumns(file: string, database: sqlite.Database, { table, columns }: SqliteMapping): void {
  const known = attempt(file, () => database.all('SELECT name FROM pragma_table_xinfo(?)', table)).map(
    ({ name }) => name,
  );
  if (known.length === 0) throw new CommandFailed(`${file} has no table ${JSON.stringify(table)}`);
  for (const column of Object.values(columns)) {
    if (known.includes(column)) continue;
    throw new CommandFailed(`the table ${table} has no column ${JSON.stringify(column)}; it has: ${known.join(', ')}`);
  }
}

interface OpenFile {
  database: sqlite.Database;
  prepare(sql: string): sqlite.Statement;
  /** Closes the statements too: while one is open, SQLite keeps the file open and locked. */
  close(): void;
}

/** The lock of this SQLite build is a folder beside the file. It stays if a process ends without closing the file. */
function open(file: string): OpenFile {
  const database = attempt(file, () => new sqlite.Database(file, { readOnly: true }));
  const statements: sqlite.Statement[] = [];
  const close = onceOrAtExit(() => {
    for (const statement of statements) statement.finalize();
    database.close();
  });
  const prepare = (sql: string) => {
    const statement = database.prepare(sql);
    statements.push(statement);
    return statement;
  };
  try {
    // Required for files with a write-ahead log, because WebAssembly has no shared memory.
    attempt(file, () => database.exec('PRAGMA locking_mode = EXCLUSIVE'));
  } catch (error) {
    close();
    throw error;
  }
  return { database, prepare, close };
}

/** The exit codes of a shell: 128 + signal. */
const SIGNALS = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

/** Returns a function that runs `close` once. If the process exits first, also by a signal, `close` runs then. */
function onceOrAtExit(close: () => void): () => void {
  const handlers = SIGNALS.map(([signal, code]) => [signal, () => process.exit(code)] as const);
  const once = () => {
    process.off('exit', once);
    for (const [signal, exit] of handlers) process.off(signal, exit);
    close();
  };
  process.once('exit', once);
  for (const [signal, exit] of handlers) process.on(signal, exit);
  return once;
}

function attempt<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): unknown {
  if (!(error instanceof sqlite.SQLite3Error)) return error;
  if (/locked/.test(error.message)) return locked(file);
  return new CommandFailed(`can't read ${file} as a SQLite database: ${error.message}`);
}

function locked(file: string): CommandFailed {
  return new CommandFailed(
    `can't read ${file}: ${file}.lock exists, so another import may be reading it. If none is running, delete it (rmdir '${file}.lock') and try again`,
  );
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
