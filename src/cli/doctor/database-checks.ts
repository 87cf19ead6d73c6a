import { MigrationExecutor, type QueryRunner } from 'typeorm';
import type { Config } from '../../config/config.js';
import { nameOf } from '../../database/migrate.js';
import { error, type Finding, ok, warning } from './finding.js';

const MIN_VERSION = 13;
const ROUND_TRIPS = 5;
const SLOW_MS = 20;
const TOO_SLOW_MS = 200;
const SKEW_WARNING_MS = 1000;
const SKEW_ERROR_MS = 30_000;

/** The checks of a database that can be reached. */
export async function checkDatabase(session: QueryRunner, config: Config): Promise<Finding[]> {
  const findings = [
    await checkVersion(session),
    await checkEncoding(session),
    await checkLatency(session),
    await checkClock(session),
    await checkMigrations(session),
  ];
  if (config.databaseUrl === undefined) return findings;
  return [...findings, ...(await checkRole(session)), await checkConnections(session)];
}

async function checkVersion(session: QueryRunner): Promise<Finding> {
  const version = await setting(session, 'server_version');
  const check = 'database version';
  return Number.parseInt(version, 10) >= MIN_VERSION
    ? ok(check, `PostgreSQL ${version}`)
    : error(check, `PostgreSQL ${version} is too old`, `Upgrade to PostgreSQL ${MIN_VERSION} or later.`);
}

async function checkEncoding(session: QueryRunner): Promise<Finding> {
  const encoding = await setting(session, 'server_encoding');
  return encoding === 'UTF8'
    ? ok('database encoding', 'UTF8')
    : error(
        'database encoding',
        `the database has the encoding ${encoding}, so names in other scripts fail`,
        "Create the database with ENCODING 'UTF8'.",
      );
}

async function checkLatency(session: QueryRunner): Promise<Finding> {
  const times: number[] = [];
  for (let round = 0; round < ROUND_TRIPS; round++) {
    const began = performance.now();
    await session.query('SELECT 1');
    times.push(performance.now() - began);
  }
  const median = times.sort((a, b) => a - b)[Math.floor(ROUND_TRIPS / 2)] as number;
  const message = `a round trip takes ${median.toFixed(1)} ms`;
  const remedy = 'Run Portero near its database: a login needs several round trips.';
  if (median > TOO_SLOW_MS) return error('database latency', message, remedy);
  return median > SLOW_MS ? warning('database latency', message, remedy) : ok('database latency', message);
}

/** Instances compare their own clocks with times that the database wrote. */
async function checkClock(session: QueryRunner): Promise<Finding> {
  const began = Date.now();
  const [{ now }]: [{ now: Date }] = await session.query('SELECT clock_timestamp() AS now');
  const skew = Math.abs(now.getTime() - (began + Date.now()) / 2);
  const message = `the clocks of this machine and of the database differ by ${(skew / 1000).toFixed(1)} s`;
  const remedy = 'Synchronize both clocks by NTP.';
  if (skew > SKEW_ERROR_MS) return error('clock', message, remedy);
  return skew > SKEW_WARNING_MS ? warning('clock', message, remedy) : ok('clock', message);
}

async function checkMigrations(session: QueryRunner): Promise<Finding> {
  const executor = new MigrationExecutor(session.connection, session);
  const known = new Set(session.connection.migrations.map(nameOf));
  const executed = await executor.getExecutedMigrations();
  const unknown = executed.filter(({ name }) => !known.has(name));
  if (unknown.length > 0) {
    return error(
      'migrations',
      `a newer release has migrated the database: ${unknown.map(({ name }) => name).join(', ')}`,
      'Run that release, or revert its migrations with it.',
    );
  }
  const pending = known.size - executed.length;
  return pending === 0
    ? ok('migrations', 'none is pending')
    : warning('migrations', `${pending} are pending`, 'Back the database up. The next start of the server runs them.');
}

/** The server creates tables, and monthly partitions of the audit trail. */
async function checkRole(session: QueryRunner): Promise<Finding[]> {
  const [{ role, creates, superuser }]: [{ role: string; creates: boolean; superuser: boolean }] = await session.query(
    `SELECT current_user AS role, has_schema_privilege(current_schema(), 'CREATE') AS creates,
            (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser`,
  );
  if (!creates) {
    const remedy = `As the owner of the database: GRANT CREATE, USAGE ON SCHEMA public TO ${role};`;
    return [error('privileges', `the role ${role} may not create tables in the schema`, remedy)];
  }
  if (!superuser) return [ok('privileges', `the role ${role} may create tables, and is no superuser`)];
  const remedy = 'Create a role of its own: CREATE ROLE portero LOGIN; ALTER DATABASE … OWNER TO portero;';
  return [warning('privileges', `the role ${role} is a superuser, and Portero needs none`, remedy)];
}

async function checkConnections(session: QueryRunner): Promise<Finding> {
  const most = Number(await setting(session, 'max_connections'));
  const [{ used }]: [{ used: number }] = await session.query('SELECT count(*)::int AS used FROM pg_stat_activity');
  const message = `${used} of ${most} connections are in use`;
  return used <= most * 0.8
    ? ok('connections', message)
    : warning('connections', message, 'Raise max_connections, or use PgBouncer.');
}

async function setting(session: QueryRunner, name: string): Promise<string> {
  const [{ value }]: [{ value: string }] = await session.query('SELECT current_setting($1) AS value', [name]);
  return value;
}
