import type { ImportOutcome, UserImport, UserToImport } from '../../users/user-import.js';
import { checkRow, type GoodRow } from './check-row.js';
import type { ImportReport } from './import-report.js';
import type { SourceRow } from './source-row.js';

const BATCH = 1000;

const FAULTS: Record<Exclude<ImportOutcome, 'imported' | 'already_there'>, string> = {
  username_taken: 'its username is taken by a user with another email',
  email_taken: 'its email is taken by a user with another username',
  two_users: 'its username and its email belong to two different users',
  lost: 'its name was taken and became free meanwhile; import it again',
};

type JudgedRow = { line: number } & (GoodRow | { fault: string });

/** Stores all rows that can be, batch by batch, and tells the report of each row in order. */
export async function importUsers(
  rows: AsyncIterable<SourceRow>,
  users: UserImport,
  report: ImportReport,
  salt: string | undefined,
): Promise<void> {
  // One batch is read and judged while the one before is being stored.
  let storing: Promise<void> = Promise.resolve();
  try {
    for await (const batch of batches(rows, salt)) {
      await storing;
      storing = storeBatch(batch, users, report);
      // Whoever awaits it hears of the failure; until then nobody listens.
      storing.catch(() => {});
    }
  } finally {
    await storing;
  }
}

async function* batches(rows: AsyncIterable<SourceRow>, salt: string | undefined): AsyncGenerator<JudgedRow[]> {
  let batch: JudgedRow[] = [];
  try {
    for await (const row of rows) {
      batch.push('fault' in row ? row : { line: row.line, ...checkRow(row.values, salt) });
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  } catch (error) {
    // What was read before a fault of the file is stored all the same.
    if (batch.length > 0) yield batch;
    throw error;
  }
  if (batch.length > 0) yield batch;
}

async function storeBatch(batch: JudgedRow[], users: UserImport, report: ImportReport): Promise<void> {
  const good: UserToImport[] = batch.flatMap((row) => ('fault' in row ? [] : [row.user]));
  const outcomes = (await users.store(good)).values();
  for (const row of batch) {
    if ('fault' in row) {
      report.refused(row.line, row.fault);
      continue;
    }
    const outcome = outcomes.next().value as ImportOutcome;
    if (outcome === 'imported' || outcome === 'already_there') report.accepted(row.format, outcome);
    else report.refused(row.line, FAULTS[outcome]);
  }
}
