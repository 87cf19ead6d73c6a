import { Command, CommanderError } from 'commander';
import { startErrorMessage } from '../lifecycle/start-error-message.js';
import { auditCommand } from './audit.command.js';
import { clientsCommand } from './clients.command.js';
import { CommandFailed } from './command-failed.js';
import { keysCommand } from './keys.command.js';
import { sessionsCommand } from './sessions.command.js';
import type { Terminal } from './terminal.js';
import { usersDisableCommand, usersEnableCommand } from './users-disable.command.js';
import { usersHashesCommand } from './users-hashes.command.js';
import { usersImportCommand } from './users-import.command.js';

/**
 * Runs one `portero` command.
 *
 * @param args the arguments, without the interpreter and the script
 * @returns the exit code
 * @throws errors that the operator can't fix, which are defects
 */
export async function portero(args: string[], terminal: Terminal): Promise<number> {
  let code = 0;
  const program = porteroCommand(terminal, (exitCode) => {
    code = exitCode;
  });
  for (const command of allOf(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    });
  }
  try {
    await program.parseAsync(keyIdsLast(args), { from: 'user' });
  } catch (error) {
    // Commander has already written the message.
    if (error instanceof CommanderError) return error.exitCode;
    const reason = error instanceof CommandFailed ? error.message : startErrorMessage(error);
    if (reason === undefined) throw error;
    terminal.stderr.write(`portero: ${reason}\n`);
    return 1;
  }
  return code;
}

function porteroCommand(terminal: Terminal, exit: (code: number) => void): Command {
  const users = new Command('users').description('Manage users.');
  users
    .addCommand(usersImportCommand(terminal, exit))
    .addCommand(usersHashesCommand(terminal))
    .addCommand(usersDisableCommand(terminal))
    .addCommand(usersEnableCommand(terminal));
  return new Command('portero')
    .description('Manage a Portero server through its database.')
    .addCommand(users)
    .addCommand(sessionsCommand(terminal))
    .addCommand(keysCommand(terminal))
    .addCommand(clientsCommand(terminal))
    .addCommand(auditCommand(terminal));
}

function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap((one) => allOf(one as Command))];
}

/** A key ID is base64url, and one in 64 starts with a hyphen. Moved behind `--`, it is not read as an option. */
function keyIdsLast(args: string[]): string[] {
  const isKeyId = (arg: string) => /^-[\w-]{42}$/.test(arg);
  const keyIds = args.filter(isKeyId);
  return keyIds.length === 0 ? args : [...args.filter((arg) => !isKeyId(arg)), '--', ...keyIds];
}
