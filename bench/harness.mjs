// Shared by the measurements: servers pinned to CPU 0, a cheap load generator on CPU 1, medians, rows of the summary.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export const SECRET = Buffer.alloc(32, 5).toString('base64url');

/** The user that measurements register and log in. */
export const CREDENTIALS = { username: 'bench', password: 'a long and uncommon passphrase' };

export const ROUNDS = Number(process.env.ROUNDS ?? 5);
export const SECONDS = Number(process.env.SECONDS ?? 5);
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']));
let databases = 0;
const children = new Set();
// A measurement that fails must not leave servers behind.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Limits this process and PostgreSQL to CPU 1. Without the permission to move PostgreSQL, it says so and goes on. */
export function pin() {
  execFileSync('taskset', ['-acp', '1', String(process.pid)]);
  try {
    const pids = execFileSync('pgrep', ['-x', 'postgres'], { encoding: 'utf8' }).trim().split('\n');
    for (const pid of pids) execFileSync('taskset', ['-acp', '1', pid], { stdio: 'pipe' });
  } catch {
    console.log('PostgreSQL could not be limited to CPU 1: run `taskset -acp 1` on its processes');
  }
}

/** A new database on the server of DATABASE_URL, dropped at the end. */
export async function withDatabase(work) {
  const name = `portero_bench_${process.pid}_${databases++}`;
  await administer(`CREATE DATABASE ${name}`);
  const url = new URL(process.env.DATABASE_URL);
  url.pathname = name;
  try {
    await work(url.href);
  } finally {
    await administer(`DROP DATABASE ${name} WITH (FORCE)`);
  }
}

async function administer(statement) {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.query(statement);
  await client.end();
}

/** Settings of a server for measurements. */
export function settings(databaseUrl, port) {
  return {
    PATH: process.env.PATH,
    ENV_FILE: 'none',
    PORT: String(port),
    PUBLIC_URL: 'http://localhost:3000',
    DATABASE_URL: databaseUrl,
    PORTERO_SECRET: SECRET,
    BCRYPT_COST: '4',
    RATE_LIMIT: 'off',
    LOG_LEVEL: 'warn',
  };
}

export async function startServer(databaseUrl, cpus = '0', more = {}) {
  const port = freePort();
  return await startProcess(['dist/main.js'], port, cpus, { ...settings(databaseUrl, port), ...more });
}

/** A Node.js process that listens on a port; resolves when it does. */
export async function startProcess(args, port, cpus = '0', env = { PATH: process.env.PATH }) {
  const child = spawn('taskset', ['-c', cpus, 'node', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const connected = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (connected) break;
    await sleep(50);
  }
  return {
    port,
    child,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

export function freePort() {
  return 20_000 + Math.floor(Math.random() * 20_000);
}

/** One request, and its status and text. `body` is sent as JSON. */
export function call(port, method, path, { headers = {}, body, agent } = {}) {
  const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers: { ...type, ...headers }, agent };
    const outgoing = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body && JSON.stringify(body));
  });
}

/** The JSON response to a POST. */
export async function post(port, path, body) {
  return JSON.parse((await call(port, 'POST', path, { body })).text);
}

/** Registers the user of the measurements and returns an access token. */
export async function registerAndLogIn(port) {
  await post(port, '/register', CREDENTIALS);
  return (await post(port, '/login', CREDENTIALS)).access_token;
}

/** Memory of a process in MiB: `VmRSS` is the present, `VmHWM` the peak (proc(5), `status`). */
export function memoryMiB({ pid }, field = 'VmRSS') {
  const [, kib] = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kib) / 1024;
}

/** CPU time of a process, all threads together (proc(5), `stat`). */
export function cpuSeconds({ pid }) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** A request as bytes. */
export function requestBytes(method, path, headers = {}, body = '') {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}${length}\r\n${body}`);
}

/**
 * Responses per second over keep-alive connections, each of which sends its next request after a complete response.
 *
 * @param next returns the bytes of the next request, given the body of the previous response: `next(connection, text)`
 * @param times receives the response times in milliseconds
 */
export async function throughput(
  port,
  next,
  { connections = 32, seconds = SECONDS, expect = 'HTTP/1.1 200', times = [] } = {},
) {
  let answers = 0;
  const end = performance.now() + seconds * 1000;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      const socket = connect(port, '127.0.0.1').setNoDelay(true);
      await once(socket, 'connect');
      let text = '';
      let sentAt = 0;
      await new Promise((resolve, reject) => {
        const send = () => {
          // Also at the end, to pass the last response on.
          const bytes = next(index, text);
          text = '';
          if (performance.now() >= end) {
            socket.destroy();
            resolve();
            return;
          }
          sentAt = performance.now();
          socket.write(bytes);
        };
        socket.on('data', (chunk) => {
          text += chunk.latin1Slice();
          if (!isWhole(text)) return;
          if (!text.startsWith(expect)) {
            reject(new Error(`unexpected response: ${text}`));
            return;
          }
          answers += 1;
          times.push(performance.now() - sentAt);
          send();
        });
        socket.on('close', resolve);
        send();
      });
    }),
  );
  return answers / ((performance.now() - began) / 1000);
}

function isWhole(text) {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /content-length: (\d+)/i.exec(text.slice(0, head));
  return text.length >= head + 4 + Number(length?.[1] ?? 0);
}

export function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Interleaved rounds of several measurements, so that other load on the machine affects all of them. */
export async function rounds(count, measurements) {
  const results = Object.fromEntries(Object.keys(measurements).map((name) => [name, []]));
  for (let round = 0; round < count; round++) {
    for (const [name, measure] of Object.entries(measurements)) results[name].push(await measure());
  }
  return results;
}

/** The value below which `percent` % of the values are. */
export function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
}

/**
 * Prints one row of the summary that `npm run bench` prints at the end.
 *
 * @param row `values` are the results of each round. `limits` are those of the bare server, or whatever the values are compared
 *   with, in the same rounds. `goal` is a goal for the ratio of the two, or for the value if it has a unit.
 */
export function row({ name, unit, values, limits, goal }) {
  const text = (all) => (all.length === 1 ? round(all[0]) : `${round(median(all))} (${all.map(round).join(', ')})`);
  const ratios = limits && values.map((value, index) => value / limits[index]);
  const cells = [name, unit, text(values), limits ? text(limits) : '', ratios ? text(ratios) : '', goal ?? ''];
  console.log(cells.join(' | '));
  if (process.env.BENCH_ROWS) appendFileSync(process.env.BENCH_ROWS, `${JSON.stringify(cells)}\n`);
}

function round(value) {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2);
}
