import { CommandFailed } from '../command-failed.js';

/** The columns of a row. Required are the hash, and the username or the email. */
export const COLUMNS = ['username', 'email', 'email_verified', 'password_hash', 'created_at'] as const;
export type Column = (typeof COLUMNS)[number];
export type RowValues = Partial<Record<Column, unknown>>;

/** One unchecked row, or why it could not be read. `line` is its first line (in SQLite, its rowid). */
export type SourceRow = { line: number } & ({ values: RowValues } | { fault: string });

/** A file or database to import from. */
export interface RowSource {
  rows: AsyncIterable<SourceRow>;
  /** The unit of row numbers. */
  unit: 'line' | 'rowid' | 'row';
  /** The part that has been read, from 0 to 1, or undefined if the total is unknown. */
  fraction(): number | undefined;
  /** Closes the file, also before all rows have been read. */
  close(): void;
}

const KNOWN: ReadonlySet<string> = new Set(COLUMNS);

/** Returns the first name that is not a column, quoted so that it is safe to print. */
export function unknownColumn(names: Iterable<string>): string | undefined {
  for (const name of names) if (!KNOWN.has(name)) return JSON.stringify(name.slice(0, 64));
  return undefined;
}

/** @throws CommandFailed if a column is unknown, duplicate or missing */
export function checkColumns(names: readonly string[]): Column[] {
  const unknown = unknownColumn(names);
  if (unknown !== undefined) throw new CommandFailed(`${unknown} is not a known column; known: ${COLUMNS.join(', ')}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new CommandFailed(`the column ${twice} is duplicate`);
  if (!names.includes('password_hash')) throw new CommandFailed('the column password_hash is missing');
  if (!names.includes('username') && !names.includes('email')) {
    throw new CommandFailed('requires a column username or email');
  }
  return names as Column[];
}
