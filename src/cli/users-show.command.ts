import { Command } from 'commander';
import { liveSessions } from '../sessions/live-sessions.js';
import { User } from '../users/user.entity.js';
import { UserResponse } from '../users/user.response.js';
import { hashName } from './hash-name.js';
import { namedUser } from './named-user.js';
import { when } from './table.js';
import { print, type Terminal } from './terminal.js';
import { withDatabase } from './with-database.js';

/** `portero users show` */
export function usersShowCommand(terminal: Terminal): Command {
  return new Command('show')
    .description('Show a user: names, state, format of the password hash, number of live sessions.')
    .argument('<user>', 'username, email or ID')
    .option('--json', 'print one JSON object')
    .action((name: string, options: { json?: true }) => show(terminal, name, options));
}

async function show(terminal: Terminal, name: string, { json }: { json?: true }): Promise<void> {
  const { user, sessions } = await withDatabase(terminal, async (session, { sessionIdleTtl }) => {
    const { id } = await namedUser(session, name);
    const live = await liveSessions(session, id, { now: Date.now(), sessionIdleTtl });
    const found = session.manager.createQueryBuilder(User, 'user').addSelect('user.passwordHash').where({ id });
    return { user: await found.getOneOrFail(), sessions: live.length };
  });
  const view = {
    ...UserResponse.of(user),
    disabled_at: user.disabledAt?.toISOString() ?? null,
    credentials_changed_at: user.credentialsChangedAt.toISOString(),
    password: user.passwordHash ? hashName(user.passwordHash) : null,
    sessions,
  };
  if (json) return print(terminal, JSON.stringify(view));
  const lines = [
    ['ID', user.id],
    ['Username', user.username ?? '-'],
    ['Email', user.email === null ? '-' : `${user.email} (${user.emailVerified ? 'verified' : 'not verified'})`],
    ['State', user.disabledAt === null ? 'active' : `disabled since ${when(user.disabledAt)}`],
    ['Password', view.password ?? 'none'],
    ['Sessions', String(sessions)],
    ['Created', when(user.createdAt)],
    ['Credentials', `changed ${when(user.credentialsChangedAt)}`],
  ];
  print(terminal, lines.map(([label = '', value]) => `${label.padEnd(12)} ${value}`).join('\n'));
}
