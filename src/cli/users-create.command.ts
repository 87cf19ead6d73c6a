import { Command } from 'commander';
import { RegisterRequest } from '../auth/password/register.request.js';
import { validateBody } from '../problems/validation.js';
import { displayName, type User } from '../users/user.entity.js';
import { UserResponse } from '../users/user.response.js';
import { CommandFailed } from './command-failed.js';
import { readNewPassword } from './prompt.js';
import { quoted } from './quoted.js';
import { print, type Terminal } from './terminal.js';
import { type UserServices, withUsers } from './with-users.js';

interface CreateOptions {
  email?: string;
  verified?: true;
  /** False with `--no-password`. */
  password: boolean;
  json?: true;
}

/** `portero users create` */
export function usersCreateCommand(terminal: Terminal): Command {
  return new Command('create')
    .description('Create a user, also if REGISTRATION=closed. Reads the password from the terminal or standard input.')
    .argument('[username]')
    .option('--email <address>', 'email address')
    .option('--verified', 'the email address is verified')
    .option('--no-password', 'without a password: the user cannot log in until set-password sets one')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action((username: string | undefined, options: CreateOptions) => create(terminal, username, options));
}

const NEXT = 'to set a password, run portero users set-password';
const HELP = `
All other rules of registration apply, such as REGISTRATION_REQUIRES and the password policy.`;

async function create(terminal: Terminal, username: string | undefined, options: CreateOptions): Promise<void> {
  const { email, verified = false, json } = options;
  if (username === undefined && email === undefined) throw new CommandFailed('requires a username, --email, or both');
  if (verified && email === undefined) throw new CommandFailed('--verified requires --email');
  const user = await withUsers(terminal, async (services) => {
    const names = { ...(username === undefined ? {} : { username }), ...(email === undefined ? {} : { email }) };
    // Before the prompt, so that nobody types a password for invalid names.
    await validateBody(RegisterRequest, openTo(services), { ...names, password: 'checked below' });
    const password = options.password ? await readNewPassword(terminal) : undefined;
    return await services.registration.create({ ...names, password, emailVerified: verified }, { actor: 'operator' });
  });
  print(
    terminal,
    json
      ? JSON.stringify(UserResponse.of(user))
      : `created ${displayName(user)}${options.password ? '' : `; ${NEXT} ${nameOrId(user)}`}`,
  );
}

/** The name, unless a shell would need quotes around it. */
function nameOrId(user: User): string {
  const name = displayName(user);
  return quoted(name) === name ? name : user.id;
}

/** The operator may create users while registration is closed for others. */
const openTo = ({ config }: UserServices) => ({ ...config, registration: 'open' as const });
