import { setImmediate } from 'node:timers/promises';
import type { ImportOutcome, UserImport, UserToImport } from '../../users/user-import.js';
import { checkRow, type GoodRow, rowName } from './check-row.js';
import type { ImportReport } from './import-report.js';
import type { SourceRow } from './source-row.js';

const BATCH = 1000;

const FAULTS: Record<Exclude<ImportOutcome, 'imported' | 'already_there'>, string> = {
  username_taken: 'username belongs to a user with another email',
  email_taken: 'email belongs to a user with another username',
  two_users: 'username and email belong to two different users',
  lost: 'the user with the same name was deleted during the import; import the row again',
};

/** `name` is what the row calls its user, if it could be read. */
type CheckedRow = { line: number; name?: string | undefined } & (GoodRow | { fault: string });

/** Stores all valid rows in batches, and reports each row in order. */
export async function importUsers(
  rows: AsyncIterable<SourceRow>,
  users: UserImport,
  report: ImportReport,
  salt: string | undefined,
): Promise<void> {
  // One batch is read and checked while the previous one is stored.
  let storing: Promise<void> = Promise.resolve();
  try {
    for await (const batch of batches(rows, salt)) {
      await storing;
      // The embedded database and SQLite never yield to the event loop, without which no signal is handled.
      await setImmediate();
      storing = storeBatch(batch, users, report);
      // Prevents an unhandled rejection until the promise is awaited.
      storing.catch(() => {});
    }
  } finally {
    await storing;
  }
}

async function* batches(rows: AsyncIterable<SourceRow>, salt: string | undefined): AsyncGenerator<CheckedRow[]> {
  let batch: CheckedRow[] = [];
  try {
    for await (const row of rows) {
      batch.push('fault' in row ? row : { line: row.line, name: rowName(row.values), ...checkRow(row.values, salt) });
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  } catch (error) {
    // Rows before an error of the file are stored.
    if (batch.length > 0) yield batch;
    throw error;
  }
  if (batch.length > 0) yield batch;
}

async function storeBatch(batch: CheckedRow[], users: UserImport, report: ImportReport): Promise<void> {
  const good: UserToImport[] = batch.flatMap((row) => ('fault' in row ? [] : [row.user]));
  const outcomes = (await users.store(good)).values();
  for (const row of batch) {
    if ('fault' in row) {
      report.refused(row, row.fault);
      continue;
    }
    const outcome = outcomes.next().value as ImportOutcome;
    if (outcome === 'imported' || outcome === 'already_there') report.accepted(row.format, outcome);
    else report.refused(row, FAULTS[outcome]);
  }
}
