// Mails per second from the outbox against bare nodemailer with as many connections, memory while they are sent, and the
// response times of logins with and without that. Needs Linux (taskset), two CPUs and a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/mail.mjs
//
// MAILS, SECONDS and ROUNDS may be set. The server (or nodemailer) runs on CPU 0; PostgreSQL, the SMTP server (which only counts)
// and this load generator run on CPU 1.
import { spawn } from 'node:child_process';
import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import nodemailer from 'nodemailer';
import pg from 'pg';
import { v7 } from 'uuid';
import {
  CREDENTIALS,
  call,
  memoryMiB,
  percentile,
  pin,
  ROUNDS,
  registerAndLogIn,
  rounds,
  row,
  SECONDS,
  SECRET,
  startServer,
  withDatabase,
} from './harness.mjs';

const MAILS = Number(process.env.MAILS ?? 10_000);
const CONNECTIONS = 5;
const LOGIN_RATE = 20;
const LINK = `http://localhost:3000/reset-password?token=${'x'.repeat(43)}`;

if (process.argv[2] === 'bare') await sendBare(Number(process.argv[3]));
else await main();

async function main() {
  pin();
  await withDatabase(async (databaseUrl) => {
    const smtp = await startSmtpServer();
    const { bare, portero } = await rounds(ROUNDS, {
      bare: () => measureBare(smtp),
      portero: () => measureServer(databaseUrl, smtp),
    });
    const print = (name, unit, key, more) => row({ name, unit, values: portero.map((one) => one[key]), ...more });
    print(`mails of ${MAILS}; limit: nodemailer`, '/s', 'rate', { limits: bare });
    print('memory after a tenth of the mails', 'MiB', 'early');
    print('memory after all of them', 'MiB', 'late');
    print('p50 of a login, no mails', 'ms', 'quiet50');
    print('p50 of a login, mails are sent', 'ms', 'busy50');
    print('p99 of a login, no mails', 'ms', 'quiet99');
    print('p99 of a login, mails are sent', 'ms', 'busy99');
    smtp.close();
  });
}

/** One server, which sends all mails; then logins without mails, and logins while the same number is sent. */
async function measureServer(databaseUrl, smtp) {
  const server = await startServer(databaseUrl, '0', {
    SMTP_URL: `smtp://127.0.0.1:${smtp.port}`,
    MAX_SESSIONS_PER_USER: '10000',
  });
  await registerAndLogIn(server.port);
  const before = smtp.count;
  await queueMails(databaseUrl, MAILS);
  await smtp.until(before + 1);
  const began = performance.now();
  await smtp.until(before + Math.ceil(MAILS / 10));
  const early = memoryMiB(server.child);
  await smtp.until(before + MAILS);
  const rate = (MAILS - 1) / ((performance.now() - began) / 1000);
  const late = memoryMiB(server.child);
  const quiet = await timeLogins(server.port, () => true);
  await queueMails(databaseUrl, MAILS);
  await smtp.until(before + MAILS + 1);
  const busy = await timeLogins(server.port, () => smtp.count < before + 2 * MAILS);
  await smtp.until(before + 2 * MAILS);
  await server.stop();
  const percentiles = (name, times) => ({ [`${name}50`]: percentile(times, 50), [`${name}99`]: percentile(times, 99) });
  return { rate, early, late, ...percentiles('quiet', quiet), ...percentiles('busy', busy) };
}

async function measureBare(smtp) {
  const child = spawn('taskset', ['-c', '0', 'node', 'bench/mail.mjs', 'bare', String(smtp.port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return Number(text);
}

/** Prints the mails per second of nodemailer in this process. */
async function sendBare(port) {
  const transport = nodemailer.createTransport({
    host: '127.0.0.1',
    port,
    ignoreTLS: true,
    pool: true,
    maxConnections: CONNECTIONS,
    maxMessages: Number.POSITIVE_INFINITY,
  });
  const mail = { from: 'no-reply@localhost', to: 'ana@example.com', subject: 'x', text: LINK, html: `<p>${LINK}</p>` };
  const began = performance.now();
  let left = MAILS;
  const worker = async () => {
    for (; left > 0; ) {
      left -= 1;
      await transport.sendMail(mail);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  console.log(MAILS / ((performance.now() - began) / 1000));
  transport.close();
}

/** Response times of logins at a fixed rate, from when each was due, for SECONDS or as long as `goOn` says. */
async function timeLogins(port, goOn) {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const times = [];
  const all = [];
  const began = performance.now();
  for (let index = 0; index < LOGIN_RATE * SECONDS && (goOn() || index === 0); index++) {
    const due = began + (index * 1000) / LOGIN_RATE;
    if (due > performance.now()) await sleep(due - performance.now());
    all.push(
      call(port, 'POST', '/login', { body: CREDENTIALS, agent }).then(({ status }) => {
        if (status !== 200) throw new Error(`login answered ${status}`);
        times.push(performance.now() - due);
      }),
    );
  }
  await Promise.all(all);
  agent.destroy();
  return times;
}

/** Adds mails to the outbox in one transaction, sealed as the server does. */
async function queueMails(databaseUrl, count) {
  const key = hkdfSync('sha256', Buffer.from(SECRET, 'base64url'), '', 'portero/seal/v1', 32);
  const contents = { name: 'ana', link: LINK, code: 'QWRT-ZPSD', expiresAt: new Date().toISOString() };
  const mail = JSON.stringify({ name: 'reset_password', to: 'ana@example.com', language: 'en', contents });
  const ids = Array.from({ length: count }, () => v7());
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    `INSERT INTO outbox (id, topic, payload, due_at, created_at, deadline)
     SELECT id, 'mail', payload, now(), now(), now() + interval '1 day' FROM unnest($1::uuid[], $2::bytea[]) AS m (id, payload)`,
    [ids, ids.map((id) => seal(Buffer.from(key), mail, `outbox ${id}`))],
  );
  await client.end();
}

/** See src/crypto/sealing.ts. */
function seal(key, plain, context) {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.from([1]), iv, cipher.getAuthTag(), sealed]);
}

/** An SMTP server that accepts every mail, and counts them. */
async function startSmtpServer() {
  let count = 0;
  let waiting = [];
  const server = createServer((socket) => {
    let text = '';
    let inData = false;
    socket.setNoDelay(true).on('error', () => {});
    socket.write('220 bench\r\n');
    socket.on('data', (chunk) => {
      text += chunk.latin1Slice();
      for (;;) {
        const end = text.indexOf(inData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const line = text.slice(0, end);
        text = text.slice(end + (inData ? 5 : 2));
        if (inData) {
          count += 1;
          waiting = waiting.filter(({ mails, resolve }) => mails > count || resolve());
        }
        inData = !inData && line === 'DATA';
        socket.write(inData ? '354 go on\r\n' : line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    get count() {
      return count;
    },
    /** Waits until this many mails have arrived. */
    async until(mails) {
      if (count < mails) await new Promise((resolve) => waiting.push({ mails, resolve }));
    },
    close: () => server.close(),
  };
}
