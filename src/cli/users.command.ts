import { Command } from 'commander';
import type { Terminal } from './terminal.js';
import { usersCreateCommand } from './users-create.command.js';
import { usersDeleteCommand } from './users-delete.command.js';
import { usersDisableCommand, usersEnableCommand } from './users-disable.command.js';
import { usersSetEmailCommand } from './users-email.command.js';
import { usersHashesCommand } from './users-hashes.command.js';
import { usersImportCommand } from './users-import.command.js';
import { usersListCommand } from './users-list.command.js';
import { usersMfaCommand } from './users-mfa.command.js';
import { usersSetPasswordCommand } from './users-password.command.js';
import { usersRecoveryLinkCommand } from './users-recovery-link.command.js';
import { usersShowCommand } from './users-show.command.js';

/**
 * `portero users`
 *
 * @param exit called with the exit code if it is neither 0 nor 1
 */
export function usersCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('users')
    .alias('user')
    .description('Manage users.')
    .addCommand(usersCreateCommand(terminal))
    .addCommand(usersListCommand(terminal))
    .addCommand(usersShowCommand(terminal))
    .addCommand(usersSetPasswordCommand(terminal))
    .addCommand(usersRecoveryLinkCommand(terminal))
    .addCommand(usersSetEmailCommand(terminal))
    .addCommand(usersMfaCommand(terminal))
    .addCommand(usersDisableCommand(terminal))
    .addCommand(usersEnableCommand(terminal))
    .addCommand(usersDeleteCommand(terminal))
    .addCommand(usersImportCommand(terminal, exit))
    .addCommand(usersHashesCommand(terminal));
}
