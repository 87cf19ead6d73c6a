import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { Clock } from '../clock/clock.js';
import { wrapFlaskSecurity } from '../passwords/formats/flask-security.js';
import { MalformedHash } from '../passwords/hash-format.js';
import { UserImport } from '../users/user-import.js';
import { CommandFailed } from './command-failed.js';
import { ImportReport } from './import/import-report.js';
import { importUsers } from './import/import-users.js';
import { ProgressBar } from './import/progress-bar.js';
import { COLUMNS, type Column, type RowSource } from './import/source-row.js';
import { sqliteSource } from './import/sqlite-source.js';
import { type TextFormat, textSource } from './import/text-source.js';
import type { Terminal } from './terminal.js';
import { withDatabase } from './with-database.js';

interface ImportOptions {
  format?: TextFormat;
  dryRun?: true;
  json?: true;
  securityPasswordSalt?: string;
  securityPasswordSaltFile?: string;
  sqlite?: string;
  table?: string;
  username?: string;
  email?: string;
  emailVerified?: string;
  hash?: string;
  createdAt?: string;
}

/**
 * `portero users import`
 *
 * @param exit called with the exit code: 3 where rows were refused
 */
export function usersImportCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('import')
    .description('Import users with the password hashes that another system made.')
    .argument('[file]', 'CSV or JSON Lines; - for standard input')
    .addOption(new Option('--format <format>', 'of the file, where its name does not tell').choices(['csv', 'jsonl']))
    .option('--dry-run', 'check everything and write nothing')
    .option('--json', 'one JSON object per refused row, and one at the end')
    .option(
      '--security-password-salt-file <file>',
      "a file that holds Flask-Security's SECURITY_PASSWORD_SALT, if it hashed the passwords",
    )
    .option('--security-password-salt <salt>', 'the salt itself; other users of this machine can see it')
    .option('--sqlite <file>', 'read a SQLite database in place of a file')
    .option('--table <name>', 'the table of users in it')
    .option('--username <column>', 'its column of usernames')
    .option('--email <column>', 'its column of email addresses')
    .option('--email-verified <column>', 'its column that tells whether the address is verified')
    .option('--hash <column>', 'its column of password hashes')
    .option('--created-at <column>', 'its column of times of registration')
    .addHelpText('after', HELP)
    .action(async (file: string | undefined, options: ImportOptions) => {
      exit(await run(terminal, file, options));
    });
}

const HELP = `
Columns of CSV, members of JSON: ${COLUMNS.join(', ')}.
Exit code: 0 when every row is in or was already, 3 when rows were refused, 1 on failure.
docs/migrating-users.md has an example for each system.`;

async function run(terminal: Terminal, file: string | undefined, options: ImportOptions): Promise<number> {
  const salt = readSalt(terminal, options);
  checkSalt(salt);
  const source = sourceOf(terminal, file, options);
  const dryRun = options.dryRun === true;
  return await withDatabase(terminal, async (session) => {
    const progress = new ProgressBar(source.fraction, terminal.stderr);
    const report = new ImportReport(terminal, { json: options.json === true, dryRun, unit: source.unit, progress });
    const users = await UserImport.start(session, new Clock(), { dryRun });
    try {
      await importUsers(source.rows, users, report, salt);
    } finally {
      progress.clear();
    }
    return report.finish();
  });
}

function readSalt(
  { stderr }: Terminal,
  { securityPasswordSalt, securityPasswordSaltFile: file }: ImportOptions,
): string | undefined {
  if (file === undefined) {
    if (securityPasswordSalt !== undefined) stderr.write(SALT_WARNING);
    return securityPasswordSalt;
  }
  if (securityPasswordSalt !== undefined) {
    throw new CommandFailed('use --security-password-salt-file or --security-password-salt, not both');
  }
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new CommandFailed(`--security-password-salt-file: ${(error as Error).message}`);
  }
}

const SALT_WARNING =
  'portero: other users of this machine can see --security-password-salt in the list of processes; use --security-password-salt-file\n';

/** One that no hash can be wrapped with would refuse every row. */
function checkSalt(salt: string | undefined): void {
  try {
    if (salt !== undefined) wrapFlaskSecurity(salt, '');
  } catch (error) {
    if (error instanceof MalformedHash) throw new CommandFailed(`the salt of Flask-Security: ${error.message}`);
    throw error;
  }
}

function sourceOf({ stdin }: Terminal, file: string | undefined, options: ImportOptions): RowSource {
  const columns = mappedColumns(options);
  const mapped = options.table !== undefined || Object.keys(columns).length > 0;
  if (options.sqlite === undefined) {
    if (file === undefined) throw new CommandFailed('name a file to import, - for standard input, or --sqlite');
    if (mapped) throw new CommandFailed('--table and the names of columns are for --sqlite alone');
    return textSource(file, options.format, stdin);
  }
  if (file !== undefined) throw new CommandFailed('name a file or --sqlite, not both');
  const { table } = options;
  if (table === undefined || columns.password_hash === undefined || !(columns.username ?? columns.email)) {
    throw new CommandFailed('--sqlite needs --table, --hash, and --username or --email or both');
  }
  return sqliteSource(options.sqlite, { table, columns });
}

function mappedColumns(options: ImportOptions): Partial<Record<Column, string>> {
  const columns = {
    username: options.username,
    email: options.email,
    email_verified: options.emailVerified,
    password_hash: options.hash,
    created_at: options.createdAt,
  };
  return Object.fromEntries(Object.entries(columns).filter(([, name]) => name !== undefined));
}
