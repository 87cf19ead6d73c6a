import { Command } from 'commander';
import { revokeCodes } from '../codes/codes.js';
import { count } from './count.js';
import { endSessions } from './end-sessions.js';
import { foundUser, namedUser, requireUser } from './named-user.js';
import { readNewPassword } from './prompt.js';
import { print, type Terminal } from './terminal.js';
import { withUsers } from './with-users.js';

/** `portero users set-password` */
export function usersSetPasswordCommand(terminal: Terminal): Command {
  return new Command('set-password')
    .description(
      'Set the password of a user, and end all their sessions. Reads the password from the terminal or standard input.',
    )
    .argument('<user>', 'username, email or ID')
    .option('--json', 'print one JSON object')
    .action((name: string, options: { json?: true }) => setPassword(terminal, name, options));
}

async function setPassword(terminal: Terminal, name: string, { json }: { json?: true }): Promise<void> {
  const { user, ended } = await withUsers(terminal, async ({ session, users, policy, hasher }) => {
    const named = await namedUser(session, name);
    const before = await foundUser(users, named);
    const password = await readNewPassword(terminal);
    await policy.check(password, before);
    const hash = await hasher.hash(password, ['operator']);
    const number = await endSessions(session, (log) =>
      log.endAll(named.id, 'password_changed', {
        actor: 'operator',
        require: (manager) => requireUser(manager, named),
        // The new stamp makes the server refuse logins whose proof is the previous password.
        within: async (manager) => {
          await users.setPasswordHash(before, hash, manager);
          await revokeCodes(manager, named.id);
        },
      }),
    );
    return { user: named, ended: number };
  });
  print(
    terminal,
    json
      ? JSON.stringify({ user_id: user.id, ended })
      : `set the password of ${user.name}; ended ${count(ended, 'session')}`,
  );
}
