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
 * @param exit called with the exit code: 3 if rows were refused
 */
export function usersImportCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('import')
    .description('Import users and their password hashes from another system.')
    .argument('[file]', 'CSV or JSON Lines; - for standard input')
    .addOption(
      new Option('--format <format>', 'format of the file (default: by its name or first character)').choices([
        'csv',
        'jsonl',
      ]),
    )
    .option('--dry-run', 'check all rows, but write nothing')
    .option('--json', 'print one JSON object per refused row, and a summary')
    .option(
      '--security-password-salt-file <file>',
      'file with SECURITY_PASSWORD_SALT, if Flask-Security hashed the passwords',
    )
    .option('--security-password-salt <salt>', 'the salt itself; visible to other users of this machine')
    .option('--sqlite <file>', 'import from a SQLite database instead')
    .option('--table <name>', 'SQLite: table of users')
    .option('--username <column>', 'SQLite: column with the username')
    .option('--email <column>', 'SQLite: column with the email address')
    .option('--email-verified <column>', 'SQLite: column with true if the address is verified')
    .option('--hash <column>', 'SQLite: column with the password hash')
    .option('--created-at <column>', 'SQLite: column with the time of registration')
    .addHelpText('after', HELP)
    .action(async (file: string | undefined, options: ImportOptions) => {
      exit(await run(terminal, file, options));
    });
}

const HELP = `
CSV columns and JSON fields: ${COLUMNS.join(', ')}.
Exit code: 0 if all rows are imported or already there, 3 if rows were refused, 1 if the command failed.
See docs/migrating-users.md for an example for each system.`;

async function run(terminal: Terminal, file: string | undefined, options: ImportOptions): Promise<number> {
  const salt = readSalt(terminal, options);
  checkSalt(salt);
  const source = await sourceOf(terminal, file, options);
  try {
    return await importFrom(source, terminal, options, salt);
  } finally {
    source.close();
  }
}

async function importFrom(
  source: RowSource,
  terminal: Terminal,
  options: ImportOptions,
  salt: string | undefined,
): Promise<number> {
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
  'portero: other users of this machine can see --security-password-salt in the process list; use --security-password-salt-file\n';

/** Checked once, because every row would be refused with an invalid salt. */
function checkSalt(salt: string | undefined): void {
  try {
    if (salt !== undefined) wrapFlaskSecurity(salt, '');
  } catch (error) {
    if (error instanceof MalformedHash) throw new CommandFailed(`invalid Flask-Security salt: ${error.message}`);
    throw error;
  }
}

async function sourceOf({ stdin }: Terminal, file: string | undefined, options: ImportOptions): Promise<RowSource> {
  const columns = mappedColumns(options);
  const mapped = options.table !== undefined || Object.keys(columns).length > 0;
  if (options.sqlite === undefined) {
    if (file === undefined) throw new CommandFailed('requires a file, - for standard input, or --sqlite');
    if (mapped) throw new CommandFailed('--table and the options for columns require --sqlite');
    return textSource(file, options.format, stdin);
  }
  if (file !== undefined) throw new CommandFailed('use a file or --sqlite, not both');
  const { table } = options;
  if (table === undefined || columns.password_hash === undefined || !(columns.username ?? columns.email)) {
    throw new CommandFailed('--sqlite requires --table, --hash, and --username or --email');
  }
  const { sqliteSource } = await import('./import/sqlite-source.js');
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
