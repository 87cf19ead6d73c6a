import { Command, CommanderError } from 'commander';
import { VERSION } from '../config/version.js';
import { startErrorMessage } from '../lifecycle/start-error-message.js';
import { escapeInvisible } from '../logging/invisible.js';
import { AuthError } from '../problems/auth-error.js';
import { CommandFailed } from './command-failed.js';
import { problemText } from './problem-text.js';
import type { Terminal } from './terminal.js';

/** The commands, with what the help of `portero` shows of them. Each is loaded only to be run, or for its own help. */
const COMMANDS = [
  {
    outline: () => new Command('users').alias('user').description('Manage users.'),
    load: async () => (await import('./users.command.js')).usersCommand,
  },
  {
    outline: () => new Command('sessions').alias('session').description('Manage the sessions of users.'),
    load: async () => (await import('./sessions.command.js')).sessionsCommand,
  },
  {
    outline: () => new Command('keys').alias('key').description('Manage the keys that sign access tokens.'),
    load: async () => (await import('./keys.command.js')).keysCommand,
  },
  {
    outline: () =>
      new Command('clients').alias('client').description('Manage the services that may introspect and revoke tokens.'),
    load: async () => (await import('./clients.command.js')).clientsCommand,
  },
  {
    outline: () => new Command('mail').description('Show, retry and test mails.'),
    load: async () => (await import('./mail.command.js')).mailCommand,
  },
  {
    outline: () =>
      new Command('doctor')
        .argument('[options]')
        .description('Check the settings, the database and the mail server. It changes nothing.'),
    load: async () => (await import('./doctor/doctor.command.js')).doctorCommand,
  },
  {
    outline: () => new Command('audit').argument('[options]').description('List security events, newest first.'),
    load: async () => (await import('./audit.command.js')).auditCommand,
  },
];

/**
 * Runs one `portero` command.
 *
 * @param args the arguments, without the interpreter and the script
 * @param beforeCommand called before the command runs, if there is one to run
 * @returns the exit code
 * @throws errors that the operator can't fix, which are defects
 */
export async function portero(
  args: string[],
  terminal: Terminal,
  beforeCommand: () => Promise<void> = async () => {},
): Promise<number> {
  let code = 0;
  const program = await porteroCommand(
    terminal,
    (exitCode) => {
      code = exitCode;
    },
    args,
  );
  program.hook('preAction', beforeCommand);
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

/** @param args loads only the commands that these arguments name; by default, all */
export async function porteroCommand(
  terminal: Terminal,
  exit: (code: number) => void,
  args?: readonly string[],
): Promise<Command> {
  const program = new Command('portero')
    .description(
      'Manage a Portero server through its database. It uses the settings of the server (environment and .env).',
    )
    .version(VERSION)
    .addHelpText('after', HELP);
  for (const { outline, load } of COMMANDS) {
    const command = outline();
    const isNamed = [command.name(), ...command.aliases()].some((name) => args?.includes(name) ?? true);
    program.addCommand(isNamed ? (await load())(terminal, exit) : command);
  }
  return program;
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
