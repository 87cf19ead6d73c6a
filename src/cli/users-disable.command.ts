import { Command } from 'commander';
import { AuditLog } from '../audit/audit-log.js';
import { eventParameter, insertEvent } from '../audit/event-row.js';
import { Clock } from '../clock/clock.js';
import { setNewStamp } from '../users/proof-stamp.js';
import { count } from './count.js';
import { endSessions } from './end-sessions.js';
import { namedUser } from './named-user.js';
import { print, type Terminal } from './terminal.js';
import { withDatabase } from './with-database.js';

const DISABLE = `UPDATE users SET disabled_at = $2, ${setNewStamp('$2')} WHERE id = $1 AND disabled_at IS NULL`;
/** $3 is the event. Without effect and event if the user is not disabled. */
const ENABLE = `WITH enabled AS (
    UPDATE users SET disabled_at = NULL, ${setNewStamp('$2')} WHERE id = $1 AND disabled_at IS NOT NULL
    RETURNING id
  ) ${insertEvent('$3', { from: 'enabled' })}`;

/** `portero users disable` */
export function usersDisableCommand(terminal: Terminal): Command {
  return new Command('disable')
    .description('Prevent a user from logging in, and end all their sessions.')
    .argument('<user>', 'username, email or ID')
    .option('--json', 'print one JSON object')
    .action((name: string, options: Options) => disable(terminal, name, options));
}

/** `portero users enable` */
export function usersEnableCommand(terminal: Terminal): Command {
  return new Command('enable')
    .description('Let a disabled user log in again. Ended sessions stay ended.')
    .argument('<user>', 'username, email or ID')
    .option('--json', 'print one JSON object')
    .action((name: string, options: Options) => enable(terminal, name, options));
}

interface Options {
  json?: true;
}

async function disable(terminal: Terminal, name: string, { json }: Options): Promise<void> {
  const { id, user, ended } = await withDatabase(terminal, async (session) => {
    const user = await namedUser(session, name);
    const now = new Date();
    const number = await endSessions(session, (log) =>
      log.endAll(user.id, 'user_disabled', {
        // A concurrent login notices the change of the user, and is rejected.
        within: async (manager) => {
          await manager.query(DISABLE, [user.id, now]);
        },
      }),
    );
    return { id: user.id, user: user.name, ended: number };
  });
  print(
    terminal,
    json
      ? JSON.stringify({ user_id: id, disabled: true, ended })
      : `disabled ${user}; ended ${count(ended, 'session')}`,
  );
}

async function enable(terminal: Terminal, name: string, { json }: Options): Promise<void> {
  const { id, name: user } = await withDatabase(terminal, async (session) => {
    const user = await namedUser(session, name);
    const audit = new AuditLog(new Clock(), session.manager);
    const event = audit.event('user.enabled', { actor: 'operator', userId: user.id });
    await session.query(ENABLE, [user.id, event.occurredAt, eventParameter(event)]);
    return user;
  });
  print(terminal, json ? JSON.stringify({ user_id: id, disabled: false }) : `enabled ${user}`);
}
