import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import type { WalPosition } from '../runner/clusters.js';
import { secrets } from './secrets.js';

/**
 * Searches the logs and databases of a suite's servers for each of its secrets (attack row "secrets
 * at rest and in logs"; ASVS 14.2.1, 14.2.4, 16.2.5). Each database is scanned when it is dropped, so a suite
 * need not do anything.
 */
let logs: { name: string; text: string }[] = [];

/** Adds the output of a server or command, which is scanned with the next database or at the end. */
export function collectLog(name: string, text: string): void {
  logs.push({ name, text });
}

afterAll(() => refuse(leaksInLogs()));

interface Folder {
  folder: string;
  /** When the test began to use it, in milliseconds since 1970. */
  takenAt: number;
  /** The part of the write-ahead log that the test wrote, if known. */
  log: { from: WalPosition; to: WalPosition } | undefined;
}

/** @throws with the secrets found and their places */
export async function refuseLeaks(database: { url: string } | Folder): Promise<void> {
  const inDatabase = 'url' in database ? await leaksInServer(database.url) : await leaksInFolder(database);
  refuse([...leaksInLogs(), ...inDatabase]);
}

function refuse(found: string[]): void {
  if (found.length > 0) throw new Error(`secrets in the clear:\n${[...new Set(found)].slice(0, 20).join('\n')}`);
}

function leaksInLogs(): string[] {
  const patterns = secrets.patterns;
  const found = logs.flatMap(({ name, text }) => {
    const leaked = patterns.filter((pattern) => text.includes(pattern));
    return leaked.map((pattern) => `${shown(pattern)} in ${name}: ${lineOf(text, pattern)}`);
  });
  logs = [];
  return found;
}

/** The line without the secret, because many people can read the output of CI. */
function lineOf(text: string, pattern: string): string {
  const line = text.split('\n').find((one) => one.includes(pattern)) ?? '';
  return line.replaceAll(pattern, '…').slice(0, 500);
}

const shown = (pattern: string) => JSON.stringify(`${pattern.slice(0, 6)}…`);

type Query = (sql: string) => Promise<Record<string, string>[]>;

const TABLES = `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`;

/** Every table as text. */
async function leaksInTables(query: Query): Promise<string[]> {
  const patterns = secrets.patterns;
  const found: string[] = [];
  for (const { name } of await query(TABLES)) {
    const rows = await query(`SELECT to_jsonb(t)::text AS row FROM ${name} t LIMIT 100000`);
    const text = rows.map(({ row }) => row).join('\n');
    for (const pattern of patterns)
      if (text.includes(pattern)) found.push(`${shown(pattern)} in ${columnOf(text, name as string, pattern)}`);
  }
  return found;
}

function columnOf(text: string, table: string, pattern: string): string {
  const row = text.split('\n').find((one) => one.includes(pattern)) as string;
  const column = Object.entries(JSON.parse(row)).find(([, value]) => JSON.stringify(value).includes(pattern))?.[0];
  return `${table}.${column}`;
}

async function leaksInServer(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await leaksInTables(async (sql) => (await client.query(sql)).rows);
  } finally {
    await client.end();
  }
}

/**
 * Scans the files that changed since the test began to use the folder. They also contain deleted rows and the
 * write-ahead log. Opening each folder as a database would take as long as the tests, so only a leak causes that.
 */
async function leaksInFolder({ folder, takenAt, log }: Folder): Promise<string[]> {
  const patterns = secrets.patterns.map((pattern) => Buffer.from(pattern).toString('latin1'));
  const found: string[] = [];
  for (const file of await changedFiles(folder, takenAt)) {
    const content = written(file, await readFile(file), log);
    const text =
      content
        .toString('latin1')
        .match(/[\x20-\x7e\x80-\xff]{12,}/g)
        ?.join('\n') ?? '';
    for (const pattern of patterns) if (text.includes(pattern)) found.push(`${shown(pattern)} in the file ${file}`);
    for (const bytes of secrets.bytes) if (content.includes(bytes)) found.push(`a key in the file ${file}`);
  }
  return found.length === 0 ? [] : [...(await leaksInTablesOf(folder)), ...found];
}

/** Cuts a file of the write-ahead log to the part that this test wrote. */
function written(file: string, content: Buffer, log: Folder['log']): Buffer {
  if (log === undefined || basename(dirname(file)) !== 'pg_wal') return content;
  const name = basename(file);
  const from = name === log.from.file ? log.from.offset : 0;
  return name < log.from.file
    ? content.subarray(0, 0)
    : content.subarray(from, name === log.to.file ? log.to.offset : undefined);
}

async function leaksInTablesOf(folder: string): Promise<string[]> {
  const database = await PGlite.create({ dataDir: folder });
  try {
    return await leaksInTables(async (sql) => (await database.query<Record<string, string>>(sql)).rows);
  } finally {
    await database.close();
  }
}

async function changedFiles(folder: string, since: number): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const changed = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs > since));
  return files.filter((_, index) => changed[index]);
}
