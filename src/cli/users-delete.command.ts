import { Command } from 'commander';
import { count } from './count.js';
import { endSessions } from './end-sessions.js';
import { namedUser, requireUser } from './named-user.js';
import { confirm } from './prompt.js';
import { print, type Terminal } from './terminal.js';
import { withUsers } from './with-users.js';

interface Options {
  yes?: boolean;
  json?: true;
}

/** `portero users delete` */
export function usersDeleteCommand(terminal: Terminal): Command {
  return new Command('delete')
    .description(
      'Delete a user with all their data, and end all their sessions. Audit events about them are kept, with their ID.',
    )
    .argument('<user>', 'username, email or ID')
    .option('--yes', 'do not ask for confirmation; required without a terminal')
    .option('--json', 'print one JSON object')
    .action((name: string, options: Options) => remove(terminal, name, options));
}

async function remove(terminal: Terminal, name: string, { yes = false, json }: Options): Promise<void> {
  const { user, ended } = await withUsers(terminal, async ({ session, users }) => {
    const named = await namedUser(session, name);
    await confirm(terminal, `Delete ${named.name} (${named.id}) and all their data? This cannot be undone.`, yes);
    const number = await endSessions(session, (log) =>
      log.endAll(named.id, 'user_deleted', {
        actor: 'operator',
        require: (manager) => requireUser(manager, named),
        within: (manager) => users.delete(named.id, manager),
      }),
    );
    return { user: named, ended: number };
  });
  print(
    terminal,
    json
      ? JSON.stringify({ user_id: user.id, deleted: true, ended })
      : `deleted ${user.name}; ended ${count(ended, 'session')}`,
  );
}
