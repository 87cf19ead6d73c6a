import { Command } from 'commander';
import type { QueryRunner } from 'typeorm';
import { count } from './count.js';
import { hashName } from './hash-name.js';
import { table } from './table.js';
import { print, type Terminal } from './terminal.js';
import { withDatabase } from './with-database.js';

/** `portero users hashes` */
export function usersHashesCommand(terminal: Terminal): Command {
  return new Command('hashes')
    .description('Show the number of users per password hash format.')
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { json?: true }) => {
      const counts = await withDatabase(terminal, countHashes);
      const users = [...counts.values()].reduce((sum, number) => sum + number, 0);
      if (json) return print(terminal, JSON.stringify({ type: 'hashes', hashes: Object.fromEntries(counts), users }));
      const rows = [...counts].map(([name, number]) => [name, String(number)]);
      if (rows.length > 0) print(terminal, table(['FORMAT', 'USERS'], rows));
      print(terminal, count(users, 'user'));
    });
}

/** The prefix of a format: up to the first `$` (or the second, if the hash starts with one), or in braces. */
const PREFIX = String.raw`^(\$[^$]{1,30}\$|[^$]{1,30}\$|\{[^}]{1,30}\})`;

/** The database counts by prefix and returns one hash per prefix, which is enough to find the format. */
async function countHashes(session: QueryRunner): Promise<Map<string, number>> {
  await session.query('SET statement_timeout = 0');
  const rows: { sample: string | null; count: string }[] = await session.query(
    'SELECT min(password_hash) AS sample, count(*) AS count FROM users GROUP BY password_hash IS NULL, substring(password_hash FROM $1)',
    [PREFIX],
  );
  const counts = new Map<string, number>();
  for (const { sample, count: number } of rows) {
    const name = hashName(sample);
    counts.set(name, (counts.get(name) ?? 0) + Number(number));
  }
  return new Map([...counts].sort(([x, a], [y, b]) => b - a || (x < y ? -1 : 1)));
}
