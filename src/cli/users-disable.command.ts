import { Command } from 'commander';
import { setNewStamp } from '../users/proof-stamp.js';
import { countOfSessions, endSessions } from './end-sessions.js';
import { namedUser } from './named-user.js';
import { print, type Terminal } from './terminal.js';
import { withDatabase } from './with-database.js';

const DISABLE = `UPDATE users SET disabled_at = $2, ${setNewStamp('$2')} WHERE id = $1 AND disabled_at IS NULL`;
const ENABLE = `UPDATE users SET disabled_at = NULL, ${setNewStamp('$2')} WHERE id = $1 AND disabled_at IS NOT NULL`;

/** `portero users disable` */
export function usersDisableCommand(terminal: Terminal): Command {
  return new Command('disable')
    .description('Keep a user from logging in, and end every session of theirs at once.')
    .argument('<name>', 'username or email')
    .option('--json', 'answer one JSON object')
    .action((name: string, options: Options) => disable(terminal, name, options));
}

/** `portero users enable` */
export function usersEnableCommand(terminal: Terminal): Command {
  return new Command('enable')
    .description('Let a user who was disabled log in again.')
    .argument('<name>', 'username or email')
    .option('--json', 'answer one JSON object')
    .action((name: string, options: Options) => enable(terminal, name, options));
}

interface Options {
  json?: true;
}

async function disable(terminal: Terminal, name: string, { json }: Options): Promise<void> {
  const { id, ended } = await withDatabase(terminal, async (session) => {
    const user = await namedUser(session, name);
    const now = new Date();
    const count = await endSessions(session, (log) =>
      log.endAll(user.id, 'user_disabled', {
        // A login that is under way sees that the user has changed, and is refused.
        within: async (manager) => {
          await manager.query(DISABLE, [user.id, now]);
        },
      }),
    );
    return { id: user.id, ended: count };
  });
  print(
    terminal,
    json ? JSON.stringify({ user_id: id, disabled: true, ended }) : `disabled ${id}; ended ${countOfSessions(ended)}`,
  );
}

async function enable(terminal: Terminal, name: string, { json }: Options): Promise<void> {
  const { id } = await withDatabase(terminal, async (session) => {
    const user = await namedUser(session, name);
    await session.query(ENABLE, [user.id, new Date()]);
    return user;
  });
  print(terminal, json ? JSON.stringify({ user_id: id, disabled: false }) : `enabled ${id}`);
}
