// What the measurements share: servers pinned to CPU 0, a load generator that costs little itself, medians.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export const SECRET = Buffer.alloc(32, 5).toString('base64url');

let databases = 0;

/** A database of its own on the server of DATABASE_URL, dropped at the end. */
export async function withDatabase(work) {
  const name = `portero_bench_${process.pid}_${databases++}`;
  await administer(`CREATE DATABASE ${name}`);
  const url = new URL(process.env.DATABASE_URL);
  url.pathname = name;
  try {
    await work(url.href);
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
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

/** A request as bytes; `headers` are lines. */
export function requestBytes(method, path, headers = {}, body = '') {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}${length}\r\n${body}`);
}

/**
 * Answers a second over keep-alive connections, each of which sends its next request when the answer is whole.
 *
 * @param next gives the bytes of the next request, and may be told the body of the one before: `next(connection, text)`
 */
export async function throughput(port, next, { connections = 32, seconds = 5, expect = 'HTTP/1.1 200' } = {}) {
  let answers = 0;
  let failed;
  const end = performance.now() + seconds * 1000;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      const socket = connect(port, '127.0.0.1').setNoDelay(true);
      await once(socket, 'connect');
      let text = '';
      await new Promise((resolve) => {
        const send = () => {
          // Also at the end, so that the last answer is told of.
          const bytes = next(index, text);
          text = '';
          if (performance.now() >= end) {
            socket.destroy();
            resolve();
          } else socket.write(bytes);
        };
        socket.on('data', (chunk) => {
          text += chunk.latin1Slice();
          if (!isWhole(text)) return;
          if (!text.startsWith(expect)) failed ??= text;
          answers += 1;
          send();
        });
        socket.on('close', resolve);
        send();
      });
    }),
  );
  if (failed) throw new Error(`not the answer that was expected: ${failed}`);
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

/** Interleaved rounds of several measurements, so that what disturbs the machine disturbs all of them. */
export async function rounds(count, measurements) {
  const results = Object.fromEntries(Object.keys(measurements).map((name) => [name, []]));
  for (let round = 0; round < count; round++) {
    for (const [name, measure] of Object.entries(measurements)) results[name].push(await measure());
  }
  return results;
}

export function report(results) {
  for (const [name, values] of Object.entries(results)) {
    console.log(
      `${name}: median ${Math.round(median(values))} (${values.map((value) => Math.round(value)).join(', ')})`,
    );
  }
}

/** One measurement by another, round by round. */
export function ratio(results, a, b) {
  const values = results[a].map((value, index) => value / results[b][index]);
  console.log(
    `${a} / ${b}: median ${median(values).toFixed(2)} (${values.map((value) => value.toFixed(2)).join(', ')})`,
  );
}
