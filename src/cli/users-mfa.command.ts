import { Command } from 'commander';
import type { AuditEventType } from '../audit/audit-events.js';
import { AuditLog } from '../audit/audit-log.js';
import { Clock } from '../clock/clock.js';
import { Sealing } from '../crypto/sealing.js';
import { noticeEntry } from '../notices/user-notices.js';
import { OutboxRows } from '../outbox/outbox-rows.js';
import { type RemovedFactors, resetSecondFactors } from '../second-factors/reset-second-factors.js';
import { factorsOf } from '../second-factors/second-factors.js';
import { removeTrustedDevices } from '../second-factors/trusted-devices.js';
import { count } from './count.js';
import { type NamedUser, namedUser, requireUser } from './named-user.js';
import { confirm } from './prompt.js';
import { print, type Terminal } from './terminal.js';
import { withDatabase } from './with-database.js';

interface Options {
  yes?: boolean;
  json?: true;
}

/** `portero users mfa` */
export function usersMfaCommand(terminal: Terminal): Command {
  return new Command('mfa')
    .description('Show or reset the second factors of a user.')
    .addCommand(showCommand(terminal))
    .addCommand(resetCommand(terminal));
}

function showCommand(terminal: Terminal): Command {
  return new Command('show')
    .description('Show which second factors a user has, without their secrets.')
    .argument('<user>', 'username, email or ID')
    .option('--json', 'print one JSON object')
    .action((name: string, options: Options) => show(terminal, name, options));
}

function resetCommand(terminal: Terminal): Command {
  return new Command('reset')
    .description('Remove all second factors, passkeys and recovery codes of a user, who is told by mail.')
    .argument('<user>', 'username, email or ID')
    .option('--yes', 'do not ask for confirmation; required without a terminal')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action((name: string, options: Options) => reset(terminal, name, options));
}

const HELP = `
Afterwards the password alone is enough to log in, or to set up a second factor with MFA=required. Make sure who the user is before
you reset. Sessions go on: end them with portero sessions end.`;

async function show(terminal: Terminal, name: string, { json }: Options): Promise<void> {
  const { user, factors } = await withDatabase(terminal, async (session) => {
    const user = await namedUser(session, name);
    return { user, factors: await factorsOf(session.manager, user.id) };
  });
  const { totp, passkeys, recoveryCodesLeft } = factors;
  if (json) {
    return print(
      terminal,
      JSON.stringify({ user_id: user.id, totp, passkeys, recovery_codes_left: recoveryCodesLeft }),
    );
  }
  const lines = [
    ['Authenticator app', totp ? 'yes' : 'no'],
    ['Passkeys', String(passkeys)],
    ['Recovery codes', `${recoveryCodesLeft} left`],
  ];
  print(terminal, lines.map(([label = '', value]) => `${label.padEnd(18)} ${value}`).join('\n'));
}

async function reset(terminal: Terminal, name: string, { yes = false, json }: Options): Promise<void> {
  const { user, removed } = await withDatabase(terminal, async (session, config) => {
    const user = await namedUser(session, name);
    await confirm(terminal, `Remove all second factors and passkeys of ${user.name} (${user.id})?`, yes);
    const clock = new Clock();
    const audit = new AuditLog(clock, session.manager);
    const outbox = new OutboxRows(session.manager, new Sealing(config), clock);
    const removed = await session.manager.transaction(async (manager) => {
      await requireUser(manager, user);
      const removed = await resetSecondFactors(manager, user.id);
      const methods = methodsOf(removed);
      for (const method of methods) await audit.insert(manager, audit.event(REMOVED, eventOf(user, method)));
      await removeTrustedDevices(
        manager,
        audit.event('trusted_device.removed', { actor: 'operator', userId: user.id }),
      );
      const notice = { userId: user.id, name: REMOVED_NOTICE, facts: { method: 'all' } } as const;
      if (methods.length > 0 && removed.emailVerified) await outbox.insert(manager, ...noticeEntry(notice, clock));
      return removed;
    });
    return { user, removed };
  });
  print(
    terminal,
    json ? JSON.stringify({ user_id: user.id, totp: removed.totp, passkeys: removed.passkeys }) : textOf(user, removed),
  );
}

const REMOVED: AuditEventType = 'second_factor.removed';
const REMOVED_NOTICE = 'second_factor_removed';

/** One for each factor. */
function methodsOf({ totp, passkeys }: RemovedFactors): string[] {
  return [...(totp ? ['totp'] : []), ...Array.from({ length: passkeys }, () => 'passkey')];
}

function eventOf({ id }: NamedUser, method: string) {
  return { actor: 'operator', userId: id, details: { method } } as const;
}

function textOf({ name }: NamedUser, { totp, passkeys }: RemovedFactors): string {
  const parts = [...(totp ? ['the authenticator app'] : []), ...(passkeys > 0 ? [count(passkeys, 'passkey')] : [])];
  return parts.length === 0 ? `${name} has no second factor` : `removed ${parts.join(' and ')} of ${name}`;
}
