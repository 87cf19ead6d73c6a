import { Command, CommanderError } from 'commander';
import { VERSION } from '../config/version.js';
import { startErrorMessage } from '../lifecycle/start-error-message.js';
import { escapeInvisible } from '../logging/invisible.js';
import { AuthError } from '../problems/auth-error.js';
import { auditCommand } from './audit.command.js';
import { clientsCommand } from './clients.command.js';
import { CommandFailed } from './command-failed.js';
import { keysCommand } from './keys.command.js';
import { problemText } from './problem-text.js';
import { sessionsCommand } from './sessions.command.js';
import type { Terminal } from './terminal.js';
import { usersCommand } from './users.command.js';

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
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    terminal.stderr.write(`portero: ${escapeInvisible(reason)}\n`);
    return 1;
  }
  return code;
}

const HELP = `
Exit codes: 0 success; 1 failure, with the reason in one line on standard error; 3 if rows of an import were refused.
With the embedded database, stop the server first. On PostgreSQL, the commands work while servers run.`;

export function porteroCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('portero')
    .description(
      'Manage a Portero server through its database. It uses the settings of the server (environment and .env).',
    )
    .version(VERSION)
    .addHelpText('after', HELP)
    .addCommand(usersCommand(terminal, exit))
    .addCommand(sessionsCommand(terminal))
    .addCommand(keysCommand(terminal))
    .addCommand(clientsCommand(terminal))
    .addCommand(auditCommand(terminal));
}

function reasonOf(error: unknown): string | undefined {
  if (error instanceof CommandFailed) return error.message;
  return error instanceof AuthError ? problemText(error) : startErrorMessage(error);
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
