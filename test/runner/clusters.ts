import { cp, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';

/**
 * The embedded databases of one jest worker. To start PostgreSQL and to stop it takes as long as most tests do, so a
 * cluster that this process has opened stays open when its server closes it, and the next test gets it emptied. A process
 * other than this one must not use it before {@link release}.
 */
interface Cluster {
  /** What a server finds it by. */
  dataDir: string;
  opened?: PGlite;
  /** What the schema was, and the rows that the migrations made. */
  origin?: Origin;
  /** Where this use of it began in its write-ahead log. */
  begins: WalPosition;
  /** Another process may have had it. */
  released: boolean;
}

/** A file of the write-ahead log, and a place in it in bytes. */
export interface WalPosition {
  file: string;
  offset: number;
}

/** What a cluster is when a test gets it. */
interface Origin {
  schema: string;
  rows: Map<string, unknown[]>;
  /** The last value of each sequence that has been used. */
  sequences: { name: string; value: string }[];
}

const IDLE = 2;
const idle: Cluster[] = [];
const clusters = new Map<string, Cluster>();
const folderOf = ({ dataDir }: Cluster) => join(dataDir, 'postgres');

/**
 * An empty database with the schema in it, in a folder beside the template, with which it is removed.
 *
 * @param stayOpen whether this process keeps it open, for tests that use it in this process alone
 * @returns its `DATA_DIR`
 */
export async function takeCluster(template: string, stayOpen: boolean): Promise<string> {
  const ready = stayOpen ? idle.pop() : undefined;
  if (ready) return ready.dataDir;
  const dataDir = await mkdtemp(join(dirname(template), 'data-'));
  const cluster: Cluster = { dataDir, begins: { file: '', offset: 0 }, released: !stayOpen };
  await cp(template, folderOf(cluster), { recursive: true });
  clusters.set(folderOf(cluster), cluster);
  return dataDir;
}

/**
 * Writes to the files of an open cluster all that it holds in memory.
 *
 * @returns which part of the write-ahead log was written since the cluster was taken, where the cluster is open
 */
export async function flushCluster(dataDir: string): Promise<{ from: WalPosition; to: WalPosition } | undefined> {
  const { opened, begins } = clusters.get(join(dataDir, 'postgres')) as Cluster;
  if (opened === undefined) return undefined;
  await opened.exec('ROLLBACK');
  await opened.exec('CHECKPOINT');
  return { from: begins, to: await endOfLog(opened) };
}

async function endOfLog(opened: PGlite): Promise<WalPosition> {
  const { rows } = await opened.query<WalPosition>(
    `SELECT file_name AS file, file_offset AS "offset" FROM pg_walfile_name_offset(pg_current_wal_insert_lsn())`,
  );
  return rows[0] as WalPosition;
}

/** Closes a cluster for good, so that other processes can open it. */
export async function release(dataDir: string): Promise<void> {
  const cluster = clusters.get(join(dataDir, 'postgres'));
  if (cluster === undefined) return;
  cluster.released = true;
  const { opened } = cluster;
  delete cluster.opened;
  if (opened) await PGlite.prototype.close.call(opened);
}

export function isOpen(dataDir: string): boolean {
  return clusters.get(join(dataDir, 'postgres'))?.opened !== undefined;
}

/** Ends a test's use of a cluster. @param clean whether it may be used again */
export async function giveBack(dataDir: string, clean: boolean): Promise<void> {
  const cluster = clusters.get(join(dataDir, 'postgres')) as Cluster;
  if (clean && !cluster.released && idle.length < IDLE && (await empty(cluster).catch(() => false))) {
    idle.push(cluster);
    return;
  }
  await release(dataDir);
  clusters.delete(folderOf(cluster));
  await rm(dataDir, { recursive: true, force: true });
}

/** False where it can't be made what it was. */
async function empty(cluster: Cluster): Promise<boolean> {
  const { opened, origin } = cluster;
  if (opened === undefined || origin === undefined) return false;
  await opened.exec('ROLLBACK');
  await opened.exec('DISCARD ALL');
  if ((await schemaOf(opened)) !== origin.schema) return false;
  const tables = await tablesOf(opened);
  // Past the trigger that keeps the audit trail.
  await opened.exec('SET session_replication_role = replica');
  await opened.exec(`TRUNCATE ${tables.join(', ')} RESTART IDENTITY CASCADE`);
  for (const [table, rows] of origin.rows) {
    await opened.query(
      `INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1)`,
      [JSON.stringify(rows)],
    );
  }
  for (const { name, value } of origin.sequences) await opened.query('SELECT setval($1, $2)', [name, value]);
  await opened.exec('DISCARD ALL');
  cluster.begins = await endOfLog(opened);
  return true;
}

const TABLES = `SELECT quote_ident(relname) AS name FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`;

const SEQUENCES = `SELECT format('%I.%I', schemaname, sequencename) AS name, last_value::text AS value
  FROM pg_sequences WHERE last_value IS NOT NULL`;

/** Other than before once anything has been defined or dropped. TRUNCATE changes no more than the rows of pg_class. */
const SCHEMA = `
  SELECT (SELECT count(*) FROM pg_class) AS classes, (SELECT count(*) FROM pg_roles) AS roles,
    (SELECT count(*) FROM pg_db_role_setting) AS settings, (SELECT count(*) FROM pg_trigger WHERE tgenabled = 'O') AS triggers,
    ${['attribute', 'attrdef', 'constraint', 'trigger', 'proc', 'type', 'rewrite', 'namespace']
      .map((catalog) => `(SELECT count(*) || ':' || max(xmin::text::bigint) FROM pg_${catalog}) AS pg_${catalog}`)
      .join(', ')}`;

async function schemaOf(database: PGlite): Promise<string> {
  return JSON.stringify((await database.query(SCHEMA)).rows);
}

async function tablesOf(database: PGlite): Promise<string[]> {
  return (await database.query<{ name: string }>(TABLES)).rows.map(({ name }) => name);
}

/** Opens one of the clusters, or takes it as it was left open. What is not of this module is opened as ever. */
const create = PGlite.create.bind(PGlite) as (options: { dataDir?: string }) => Promise<PGlite>;
Object.assign(PGlite, {
  async create(options: { dataDir?: string }): Promise<PGlite> {
    const cluster = clusters.get(options.dataDir ?? '');
    if (cluster === undefined || cluster.released) return await create(options);
    cluster.opened ??= await openFirst(cluster, options);
    return cluster.opened;
  },
});

/**
 * For each statement timeout PGlite sets a timer of ten seconds, and never clears it. On a cluster that stays open, the last
 * one would keep the process from exiting.
 */
const setTimer = globalThis.setTimeout;
globalThis.setTimeout = Object.assign((...args: Parameters<typeof setTimer>) => {
  const timer = setTimer(...args);
  if (Number(args[1]) >= 10_000 && new Error().stack?.includes('pglite')) timer.unref();
  return timer;
}, setTimer) as typeof setTimer;

async function openFirst(cluster: Cluster, options: object): Promise<PGlite> {
  const opened = await create(options);
  opened.close = async () => {};
  const rows = new Map<string, unknown[]>();
  for (const table of await tablesOf(opened)) {
    const found = await opened.query<{ row: unknown }>(`SELECT to_jsonb(t) AS row FROM ${table} t`);
    if (found.rows.length > 0)
      rows.set(
        table,
        found.rows.map(({ row }) => row),
      );
  }
  const sequences = await opened.query<{ name: string; value: string }>(SEQUENCES);
  cluster.origin = { schema: await schemaOf(opened), rows, sequences: sequences.rows };
  return opened;
}
