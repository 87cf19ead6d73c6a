import { Command } from 'commander';
import { revokeCodes } from '../codes/codes.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { isEmailAddress, looksLikeForeignAddress } from '../users/identifier.js';
import { UserResponse } from '../users/user.response.js';
import { CommandFailed } from './command-failed.js';
import { foundUser, namedUser, requireUser } from './named-user.js';
import { print, type Terminal } from './terminal.js';
import { withUsers } from './with-users.js';

interface Options {
  verified?: boolean;
  json?: true;
}

/** `portero users set-email` */
export function usersSetEmailCommand(terminal: Terminal): Command {
  return new Command('set-email')
    .description('Set the email address of a user. It counts as not verified, unless you use --verified.')
    .argument('<user>', 'username, email or ID')
    .argument('<address>', 'the new email address')
    .option('--verified', 'the address is verified')
    .option('--json', 'print one JSON object')
    .action((name: string, address: string, options: Options) => setEmail(terminal, name, address, options));
}

async function setEmail(
  terminal: Terminal,
  name: string,
  email: string,
  { verified = false, json }: Options,
): Promise<void> {
  if (!isEmailAddress(email)) throw new ValidationFailed({ faults: [{ pointer: '/email', code: 'email_invalid' }] });
  const { named, user } = await withUsers(terminal, async ({ session, users, audit }) => {
    const found = await namedUser(session, name);
    const before = await foundUser(users, found);
    if (looksLikeForeignAddress({ username: before.username ?? undefined, email })) {
      throw new CommandFailed(`the username ${found.name} looks like an email address, so the address must equal it`);
    }
    const event = audit.event('email.changed', { actor: 'operator', userId: found.id, details: { verified } });
    await session.manager.transaction(async (manager) => {
      await users.setEmail(manager, found.id, { email, verified });
      await requireUser(manager, found);
      await revokeCodes(manager, found.id);
      await audit.insert(manager, event);
    });
    return { named: found, user: await foundUser(users, found) };
  });
  const state = verified ? 'verified' : 'not verified';
  print(
    terminal,
    json ? JSON.stringify(UserResponse.of(user)) : `set the email of ${named.name} to ${user.email} (${state})`,
  );
}
