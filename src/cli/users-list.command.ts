import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import type { QueryRunner } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { escapeInvisible } from '../logging/invisible.js';
import { UserResponse } from '../users/user.response.js';
import { type ListedUser, listUsers } from '../users/user-list.js';
import { CommandFailed } from './command-failed.js';
import { quoted } from './quoted.js';
import { table, when } from './table.js';
import type { Terminal } from './terminal.js';
import { wholeNumber } from './whole-number.js';
import { withDatabase } from './with-database.js';

interface Options {
  search?: string;
  after?: string;
  limit: number;
  json?: true;
}

const PAGE = 1000;

/** `portero users list` */
export function usersListCommand(terminal: Terminal): Command {
  return new Command('list')
    .description(
      'List all users, newest first. With --search, list those whose name begins with a text, sorted by that name.',
    )
    .option('--search <text>', 'only users whose username or email begins with this text, in any letter case')
    .option('--after <id>', 'only users after the one with this ID, for the next page', userId)
    .option('--limit <n>', 'maximum number of users; 0 for all', wholeNumber, 50)
    .option('--json', 'print one JSON object per user')
    .action((options: Options) => withDatabase(terminal, (session) => list(terminal, session, options)));
}

async function list(terminal: Terminal, session: QueryRunner, { limit, json, search, after }: Options): Promise<void> {
  let [left, last] = [limit || Number.POSITIVE_INFINITY, after];
  for (let first = true; ; first = false) {
    const size = Math.min(PAGE, left);
    // One more, to know whether there is another page.
    const found = await listUsers((sql, values) => session.query(sql, values), {
      search,
      after: last,
      limit: size + 1,
    });
    if (found === undefined)
      throw new CommandFailed(`there is no user with the ID ${last}; start again without --after`);
    const users = found.slice(0, size);
    await write(terminal, users, { json: json === true, first });
    left -= users.length;
    last = users.at(-1)?.id ?? last;
    if (found.length <= size) return;
    if (left === 0) break;
  }
  // The JSON output contains the IDs.
  if (!json) terminal.stderr.write(`portero: there are more users; for the next page, use ${nextPage(search, last)}\n`);
}

function nextPage(search: string | undefined, last: string | undefined): string {
  return search === undefined ? `--after ${last}` : `--search ${quoted(search)} --after ${last}`;
}

async function write({ stdout }: Terminal, users: ListedUser[], { json, first }: { json: boolean; first: boolean }) {
  if (users.length === 0 && !first) return;
  const lines = json ? users.map((user) => JSON.stringify(asJson(user))).join('\n') : asTable(users, first);
  // Respects backpressure, so that a slow reader does not fill the memory.
  if (lines !== '' && !stdout.write(`${escapeInvisible(lines)}\n`)) await once(stdout, 'drain');
}

function asTable(users: ListedUser[], first: boolean): string {
  if (users.length === 0) return 'no users';
  const rows = users.map((user) => [
    user.username ?? '-',
    user.email === null ? '-' : `${user.email}${user.emailVerified ? '' : ' (not verified)'}`,
    user.disabledAt === null ? (user.hasPassword ? 'active' : 'no password') : 'disabled',
    when(user.createdAt),
    user.id,
  ]);
  const text = table(['USERNAME', 'EMAIL', 'STATE', 'CREATED', 'ID'], rows);
  return first ? text : text.slice(text.indexOf('\n') + 1);
}

function asJson(user: ListedUser) {
  return {
    ...UserResponse.of(user),
    disabled_at: user.disabledAt?.toISOString() ?? null,
    has_password: user.hasPassword,
  };
}

function userId(text: string): string {
  if (!isUuid(text)) throw new InvalidArgumentError('Expected the ID of a user.');
  return text;
}
