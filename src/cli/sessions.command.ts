import { Command } from 'commander';
import { validate as isUuid } from 'uuid';
import { describeDevice } from '../http/device.js';
import { liveSessions } from '../sessions/live-sessions.js';
import { CommandFailed } from './command-failed.js';
import { count } from './count.js';
import { endSessions } from './end-sessions.js';
import { namedUser } from './named-user.js';
import { table, when } from './table.js';
import { print, type Terminal } from './terminal.js';
import { withDatabase } from './with-database.js';

/** `portero sessions` */
export function sessionsCommand(terminal: Terminal): Command {
  return new Command('sessions')
    .alias('session')
    .description('Manage the sessions of users.')
    .addCommand(
      new Command('list')
        .description('List the live sessions of a user, newest first.')
        .requiredOption('--user <name>', 'username, email or ID')
        .option('--json', 'print one JSON object')
        .action((options: ListOptions) => list(terminal, options)),
    )
    .addCommand(
      new Command('end')
        .description('End sessions. Their tokens and cookies are rejected at once.')
        .argument('[id]', 'ID of one session')
        .option('--user <name>', 'end all sessions of this user (username, email or ID)')
        .option('--all', 'end all sessions of all users')
        .option('--json', 'print one JSON object')
        .action((id: string | undefined, options: EndOptions) => end(terminal, id, options)),
    );
}

interface ListOptions {
  user: string;
  json?: true;
}

async function list(terminal: Terminal, { user: name, json }: ListOptions): Promise<void> {
  const sessions = await withDatabase(terminal, async (session, { sessionIdleTtl }) => {
    const { id } = await namedUser(session, name);
    return await liveSessions(session, id, { now: Date.now(), sessionIdleTtl });
  });
  const views = sessions.map((one) => ({
    id: one.id,
    transport: one.transport,
    created_at: one.createdAt.toISOString(),
    last_seen_at: one.lastSeenAt.toISOString(),
    expires_at: one.expiresAt.toISOString(),
    ip: one.ip,
    user_agent: one.userAgent,
    device: describeDevice(one.userAgent),
  }));
  if (json) return print(terminal, JSON.stringify({ sessions: views }));
  const rows = views.map((one) => [
    one.id,
    one.transport,
    when(new Date(one.created_at)),
    when(new Date(one.last_seen_at)),
    one.ip ?? '-',
    one.device ?? '-',
  ]);
  const header = ['SESSION', 'TRANSPORT', 'STARTED', 'LAST SEEN', 'ADDRESS', 'DEVICE'];
  print(terminal, rows.length > 0 ? table(header, rows) : 'no sessions');
}

interface EndOptions {
  user?: string;
  all?: true;
  json?: true;
}

async function end(terminal: Terminal, id: string | undefined, { user: name, all, json }: EndOptions): Promise<void> {
  if ([id, name, all].filter((one) => one !== undefined).length !== 1) {
    throw new CommandFailed('requires exactly one of: the ID of a session, --user, --all');
  }
  if (id !== undefined && !isUuid(id)) throw new CommandFailed(`${JSON.stringify(id)} is not the ID of a session`);
  const ended = await withDatabase(terminal, async (session) => {
    if (all) return await endSessions(session, (log) => log.endForAllUsers('ended_by_operator'));
    if (id !== undefined) return await endSessions(session, (log) => log.end(id, 'ended_by_operator'));
    const user = await namedUser(session, name as string);
    return await endSessions(session, (log) => log.endAll(user.id, 'ended_by_operator'));
  });
  if (id !== undefined && ended === 0) throw new CommandFailed(`there is no session ${id}`);
  print(terminal, json ? JSON.stringify({ ended }) : `ended ${count(ended, 'session')}`);
}
