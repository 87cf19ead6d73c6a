import { CommandFailed } from '../command-failed.js';

/** What a row may have. All but the hash may be missing, and one of the first two. */
export const COLUMNS = ['username', 'email', 'email_verified', 'password_hash', 'created_at'] as const;
export type Column = (typeof COLUMNS)[number];
export type RowValues = Partial<Record<Column, unknown>>;

/** One row as it was found, or why it could not be read. `line` is where it begins (in SQLite, its rowid). */
export type SourceRow = { line: number } & ({ values: RowValues } | { fault: string });

/** Where rows come from. */
export interface RowSource {
  rows: AsyncIterable<SourceRow>;
  /** What the number of a row counts. */
  unit: 'line' | 'rowid' | 'row';
  /** How much has been read, from 0 to 1; nothing where nobody knows how much there is. */
  fraction(): number | undefined;
}

const KNOWN: ReadonlySet<string> = new Set(COLUMNS);

/** A name that is no column, in a form that a terminal can show. */
export function unknownColumn(names: Iterable<string>): string | undefined {
  for (const name of names) if (!KNOWN.has(name)) return JSON.stringify(name.slice(0, 64));
  return undefined;
}

/** @throws CommandFailed where a name is no column, is there twice, or one that is needed is not there */
export function checkColumns(names: readonly string[]): Column[] {
  const unknown = unknownColumn(names);
  if (unknown !== undefined) throw new CommandFailed(`${unknown} is no column of users; known: ${COLUMNS.join(', ')}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new CommandFailed(`the column ${twice} is there twice`);
  if (!names.includes('password_hash')) throw new CommandFailed('there is no column password_hash');
  if (!names.includes('username') && !names.includes('email')) {
    throw new CommandFailed('there is neither a column username nor a column email');
  }
  return names as Column[];
}
