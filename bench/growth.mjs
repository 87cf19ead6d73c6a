// What ten million users, a million live sessions and fifty million audit events cost: logins, refreshes, logouts, lists and the
// cleanup on such a database against a nearly empty one, in interleaved rounds. Then a million refreshes, and what they leave
// behind in the table of sessions. Needs Linux (taskset), two CPUs, and a PostgreSQL server with 25 GB of disk:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/growth.mjs
//
// USERS, SESSIONS, EVENTS, REFRESHES, ROUNDS and SECONDS may be set, and FILL=only stops after the data is there. The data stays
// in the database GROWTH_DATABASE (portero_growth), which later runs use again; an interrupted run goes on. With the autovacuum of
// the server off, VACUUM=analyze or VACUUM=full runs before the measurements.
import { createHash } from 'node:crypto';
import pg from 'pg';
import { createApp } from '../build/src/app.setup.js';
import { loadConfig } from '../build/src/config/config.js';
import { Secret } from '../build/src/config/secret.js';
import { Cleanup } from '../build/src/database/cleanup.js';
import { RefreshTokenCodec } from '../build/src/sessions/refresh-token.js';
import { addSessions, fill } from './growth-data.mjs';
import {
  CREDENTIALS,
  post,
  ROUNDS,
  requestBytes,
  rounds,
  row,
  SECONDS,
  SECRET,
  settings,
  startServer,
  throughput,
  withDatabase,
} from './harness.mjs';

const setting = (name, usual) => Number(process.env[name] ?? usual);
const SIZE = {
  users: setting('USERS', 10_000_000),
  sessions: setting('SESSIONS', 1_000_000),
  events: setting('EVENTS', 50_000_000),
};
const SMALL = { users: 1000, sessions: 1000, events: 5000 };
const REFRESHES = setting('REFRESHES', 1_000_000);
const NAME = process.env.GROWTH_DATABASE ?? 'portero_growth';
const EXPIRED = 2000;
/** As many lists as an instance reads at a time. */
const LISTS = 2;
const { password } = CREDENTIALS;
const MORE = {
  REVOCATION_STALE_AFTER: '1m',
  HASH_QUEUE_TIMEOUT: '1m',
  ACCESS_TOKEN_TTL: '1d',
  AUDIT_RETENTION: '3650d',
  MAX_SESSIONS_PER_USER: '10000',
};
const codec = new RefreshTokenCodec(Secret.parse(SECRET).derive('refresh-token'));

const SIZES = `
  SELECT c.relname AS name, c.relkind = 'i' AS index, pg_relation_size(c.oid) AS bytes
    FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i')`;
const mebibytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`;

/** A database of a size, with a server, and with the cleanup of a second instance in this process. */
class Place {
  static async at(url, size) {
    const place = new Place();
    Object.assign(place, { size, database: new pg.Client({ connectionString: url }), refreshTokens: [], unsent: [] });
    places.push(place);
    await place.database.connect();
    place.server = await startServer(url, '0', MORE);
    await post(place.server.port, '/register', { username: 'growth', password });
    const { rows } = await place.database.query(`SELECT password_hash FROM users WHERE username_key = 'growth'`);
    await fill(url, { ...size, passwordHash: rows[0].password_hash });
    return place;
  }

  async prepare(url) {
    const { config } = loadConfig({ ...settings(url, 0), ...MORE, LOG_LEVEL: 'silent' });
    this.app = await createApp(config);
    await this.app.init();
    const percent = Math.min(100, (100 * 40_000) / this.size.sessions);
    const { rows } = await this.database.query(
      `SELECT id, generation FROM sessions TABLESAMPLE BERNOULLI (${percent}) WHERE ended_at IS NULL AND transport = 'bearer'`,
    );
    this.refreshTokens = rows.map(({ id, generation }) => codec.encode({ sessionId: id, generation }));
    this.tokens = [];
    for (let n = 0; n < 50; n++) this.tokens.push(await this.#logIn(this.#anyUser()));
    this.busyToken = await this.#logIn(1);
  }

  #anyUser = () => Math.floor(Math.random() * this.size.users);
  #anyToken = () => this.tokens[Math.floor(Math.random() * this.tokens.length)];

  async #logIn(user) {
    return (await post(this.server.port, '/login', { username: usernameOf(user), password })).access_token;
  }

  async #perSecond(next, options = {}) {
    return await throughput(this.server.port, next, { seconds: SECONDS, connections: 16, ...options });
  }

  logins = () => this.#perSecond(() => json('/login', { username: usernameOf(this.#anyUser()), password }));

  refreshes = (options) =>
    this.#perSecond((index, text) => {
      const successor = /"refresh_token":"([^"]+)"/.exec(text)?.[1];
      if (successor !== undefined) {
        this.refreshTokens.push(successor);
        this.unsent[index] = undefined;
      }
      // The last one of a round is not sent; the next round starts with it.
      this.unsent[index] ??= this.refreshTokens.shift();
      return json('/auth/refresh', { refresh_token: this.unsent[index] });
    }, options);

  logouts = async () => {
    const ids = await addSessions(this.database, SECONDS * 5000, this.size.users, `interval '30 d'`);
    const end = () => json('/auth/logout', { refresh_token: codec.encode({ sessionId: ids.pop(), generation: 1 }) });
    return await this.#perSecond(end, { expect: 'HTTP/1.1 204' });
  };

  lists = (path, token = this.#anyToken) =>
    this.#perSecond(() => requestBytes('GET', path, { Authorization: `Bearer ${token()}` }), { connections: LISTS });

  /** Rows per second. */
  cleanup = async () => {
    await addSessions(this.database, EXPIRED, this.size.users, `interval '-2 d'`);
    const began = performance.now();
    await this.app.get(Cleanup).run();
    return EXPIRED / ((performance.now() - began) / 1000);
  };

  measurements(name) {
    return {
      [`${name}: logins`]: this.logins,
      [`${name}: refreshes`]: this.refreshes,
      [`${name}: logouts`]: this.logouts,
      [`${name}: lists of sessions`]: () => this.lists('/auth/sessions'),
      [`${name}: lists of events`]: () => this.lists('/users/me/events'),
      [`${name}: lists of events of a busy user`]: () => this.lists('/users/me/events', () => this.busyToken),
      [`${name}: cleaned rows`]: this.cleanup,
    };
  }

  async close() {
    await this.app?.close();
    await this.server?.stop();
    await this.database.end();
  }
}

const json = (path, body) => requestBytes('POST', path, {}, JSON.stringify(body));

/** As bench/growth-data.mjs names them. */
function usernameOf(user) {
  return `${createHash('md5').update(String(user)).digest('hex').slice(0, 6)}-${user}`;
}

const places = [];
await withDatabase(async (smallUrl) => {
  const url = new URL(smallUrl);
  url.pathname = NAME;
  await createOnce();
  try {
    const large = await Place.at(url.href, SIZE);
    if (process.env.FILL !== 'only') await compare(large, url.href, await Place.at(smallUrl, SMALL), smallUrl);
  } finally {
    for (const place of places) await place.close();
  }
});

async function compare(large, largeUrl, small, smallUrl) {
  if (process.env.VACUUM) {
    await large.database.query(process.env.VACUUM === 'full' ? 'VACUUM (FULL, ANALYZE)' : 'VACUUM (ANALYZE)');
  }
  await printSizes(large);
  await large.prepare(largeUrl);
  await small.prepare(smallUrl);
  const both = alternating(small.measurements('small'), large.measurements('large'));
  await rounds(1, both);
  const scansBefore = await sequentialScans(large);
  const results = await rounds(ROUNDS, both);
  for (const key of Object.keys(large.measurements('large'))) {
    const name = key.slice('large: '.length);
    const limits = results[`small: ${name}`];
    row({ name: `${name}, full database; limit: empty one`, unit: '/s', values: results[key], limits, goal: '0.9' });
  }
  console.log('sequential scans on the large database:', difference(scansBefore, await sequentialScans(large)));
  if (REFRESHES > 0) await manyRefreshes(large);
}

async function createOnce() {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [NAME]);
  if (rows.length === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(NAME)}`);
  const { rows: settingsOfServer } = await client.query(
    `SELECT name, current_setting(name) AS value FROM pg_settings WHERE name IN ('autovacuum', 'shared_buffers', 'server_version')`,
  );
  console.log(settingsOfServer.map(({ name, value }) => `${name} = ${value}`).join(', '));
  await client.end();
}

/** The measurements of both, one after the other. */
function alternating(a, b) {
  const others = Object.entries(b);
  return Object.fromEntries(Object.entries(a).flatMap((entry, index) => [entry, others[index]]));
}

async function sizes({ database }) {
  return Object.fromEntries((await database.query(SIZES)).rows.map(({ name, bytes }) => [name, Number(bytes)]));
}

async function printSizes(place) {
  const all = (await place.database.query(SIZES)).rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
  for (const table of ['users', 'sessions', 'audit_events']) {
    const bytesOf = (index) =>
      all.filter((one) => one.name.startsWith(table) && one.index === index).reduce((sum, { bytes }) => sum + bytes, 0);
    console.log(`${table}: ${mebibytes(bytesOf(false))}, indexes ${mebibytes(bytesOf(true))}`);
  }
}

async function sequentialScans({ database }) {
  await database.query('SELECT pg_sleep(1.5)');
  const { rows } = await database.query(`SELECT relname, seq_scan FROM pg_stat_user_tables WHERE seq_scan > 0`);
  return Object.fromEntries(rows.map(({ relname, seq_scan }) => [relname, Number(seq_scan)]));
}

/** What has grown. */
function difference(before, after) {
  const grown = Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]);
  return Object.fromEntries(grown.filter(([, value]) => value !== 0));
}

async function updates({ database }) {
  await database.query('SELECT pg_sleep(1.5)');
  const { rows } = await database.query(
    `SELECT n_tup_upd::int AS all, n_tup_hot_upd::int AS hot, n_dead_tup::int AS dead FROM pg_stat_user_tables WHERE relname = 'sessions'`,
  );
  return rows[0];
}

async function manyRefreshes(place) {
  const [before, sizesBefore] = [await updates(place), await sizes(place)];
  let done = 0;
  while (done < REFRESHES) done += (await place.refreshes({ seconds: 10 })) * 10;
  const after = await updates(place);
  const all = after.all - before.all;
  const percent = (100 * (after.hot - before.hot)) / all;
  row({ name: `${all} refreshes, updates that leave the indexes alone (HOT)`, unit: '%', values: [percent] });
  console.log(`dead rows: ${after.dead}`);
  console.log('growth in bytes:', difference(sizesBefore, await sizes(place)));
}
