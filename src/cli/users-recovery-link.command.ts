import { Command } from 'commander';
import { linkOf } from '../auth/email/links.js';
import { Clock } from '../clock/clock.js';
import { CodeHashes } from '../codes/code-hashes.js';
import { Codes } from '../codes/codes.js';
import { Sealing } from '../crypto/sealing.js';
import { Cleanup } from '../database/cleanup.js';
import { CommandFailed } from './command-failed.js';
import { foundUser, namedUser, requireUser } from './named-user.js';
import { print, type Terminal } from './terminal.js';
import { withUsers } from './with-users.js';

const PURPOSE = 'recovery_link';

/** `portero users recovery-link` */
export function usersRecoveryLinkCommand(terminal: Terminal): Command {
  return new Command('recovery-link')
    .description('Print a link with which a user can set a new password, once, within an hour. A new link replaces it.')
    .argument('<user>', 'username, email or ID')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action((name: string, options: { json?: true }) => recoveryLink(terminal, name, options));
}

const HELP = `
The link is secret: whoever has it can take the account. Give it to the user only after you have made sure who they are. It is
no proof of their email address.`;

async function recoveryLink(terminal: Terminal, name: string, { json }: { json?: true }): Promise<void> {
  const { link, userId, userName, expiresAt } = await withUsers(terminal, async ({ session, users, audit, config }) => {
    const named = await namedUser(session, name);
    const user = await foundUser(users, named);
    if (user.disabledAt !== null) {
      throw new CommandFailed(`${named.name} is disabled; enable the user first, with portero users enable`);
    }
    const { connection, manager } = session;
    const codes = new Codes(
      connection,
      new CodeHashes(config),
      new Sealing(config),
      new Clock(),
      new Cleanup(connection),
    );
    const event = audit.event('recovery_link.created', { actor: 'operator', userId: user.id });
    const issued = await manager.transaction(async (transaction) => {
      await requireUser(transaction, named);
      await audit.insert(transaction, event);
      return await codes.issue(transaction, { purpose: PURPOSE, userId: user.id, email: user.email ?? '' });
    });
    if (issued === undefined) throw new Error('a code without a minimum age was not issued');
    const url = linkOf(config.publicUrl, PURPOSE, issued.token);
    return { link: url, userId: user.id, userName: named.name, expiresAt: issued.expiresAt };
  });
  if (json) return print(terminal, JSON.stringify({ user_id: userId, link, expires_at: expiresAt.toISOString() }));
  print(terminal, `${userName} can set a new password until ${expiresAt.toISOString()} at:\n${link}`);
}
