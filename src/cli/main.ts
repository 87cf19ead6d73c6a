import { Command } from 'commander';
import { startRefusal } from '../lifecycle/start-refusal.js';
import { auditCommand } from './audit.command.js';
import { clientsCommand } from './clients.command.js';
import { CommandFailed } from './command-failed.js';
import { keysCommand } from './keys.command.js';
import { sessionsCommand } from './sessions.command.js';
import { usersDisableCommand, usersEnableCommand } from './users-disable.command.js';
import { usersHashesCommand } from './users-hashes.command.js';
import { usersImportCommand } from './users-import.command.js';

// `portero … | head` ends the reader first; that is no failure of ours to tell of.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(1);
  throw error;
});

/** A key ID is base64url, and one in 64 starts with a hyphen. Moved behind `--`, it is not read as an option. */
function keyIdsLast(args: string[]): string[] {
  const isKeyId = (arg: string) => /^-[\w-]{42}$/.test(arg);
  const keyIds = args.filter(isKeyId);
  return keyIds.length === 0 ? args : [...args.filter((arg) => !isKeyId(arg)), '--', ...keyIds];
}

const users = new Command('users').description('the users of this server');
users
  .addCommand(usersImportCommand())
  .addCommand(usersHashesCommand())
  .addCommand(usersDisableCommand())
  .addCommand(usersEnableCommand());
const program = new Command('portero')
  .description('Commands on the database of a Portero server.')
  .addCommand(users)
  .addCommand(sessionsCommand())
  .addCommand(keysCommand())
  .addCommand(clientsCommand())
  .addCommand(auditCommand());

try {
  await program.parseAsync(keyIdsLast(process.argv.slice(2)), { from: 'user' });
} catch (error) {
  const reason = error instanceof CommandFailed ? error.message : startRefusal(error);
  if (reason === undefined) throw error;
  process.stderr.write(`portero: ${reason}\n`);
  process.exitCode = 1;
}
