import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpAdapterHost } from '@nestjs/core';
import { sendRaw } from '../../support/raw-http.js';
import { TestServer } from '../../support/server.js';

/** Slow and numerous connections do not affect others (attack: framing; slow bodies). */
const CEILING = 50;
let server: TestServer;
const sockets = new Set<Socket>();
beforeAll(async () => {
  server = await TestServer.start({ MAX_CONNECTIONS: String(CEILING) });
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});
afterAll(() => server.stop());

const httpServer = () => server.get(HttpAdapterHost).httpAdapter.getHttpServer() as Server;

interface Line {
  socket: Socket;
  received: string;
  closed: boolean;
}

async function open(bytes: string): Promise<Line> {
  const socket = connect(Number(new URL(server.client.url).port), '127.0.0.1');
  const line: Line = { socket, received: '', closed: false };
  sockets.add(socket);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    line.received += chunk;
  });
  const ended = new Promise<void>((resolve) =>
    socket.once('close', () => {
      line.closed = true;
      resolve();
    }),
  );
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), ended]);
  socket.write(bytes);
  return line;
}

const openMany = (count: number, bytes: string) => Promise.all(Array.from({ length: count }, () => open(bytes)));
const openConnections = () =>
  new Promise<number>((resolve, reject) =>
    httpServer().getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );

const READY = 'GET /health/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const HEAD = 'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
test.each([
  ['say nothing', '', ''],
  ['send their headers slowly', `${HEAD}X-Slow: `, 'a'],
  ['send their bodies slowly', `${HEAD}Content-Length: 1000\r\n\r\n{`, 'a'],
  ['send their chunks slowly', `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`, '1\r\na\r\n'],
  ['have been answered and stay', 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n', ''],
])(
  'four times the maximum of connections, which %s, do not delay other clients [ASVS 13.1.2]',
  async (_, bytes, drop) => {
    await openMany(CEILING * 4, bytes);
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write(drop);
    }, 20);
    try {
      for (let round = 0; round < 20; round++) {
        // Each accepted connection is closed again, so that its place is filled by the next.
        await openMany(2, bytes);
        await sleep(20);
        expect((await sendRaw(server.client.url, READY)).status).toBe(200);
        expect(await openConnections()).toBeLessThanOrEqual(CEILING);
      }
    } finally {
      clearInterval(drip);
    }
    const said = { level: 'warn', msg: expect.stringMatching(/^MAX_CONNECTIONS=50 is reached/) };
    expect(server.log).toContainEqual(expect.objectContaining(said));
  },
);

test('closes the connection that has waited the longest, and none with a request in progress', async () => {
  const [first, ...others] = await openMany(CEILING, '');
  await sleep(50);
  await open('');
  await sleep(50);
  expect(first?.closed).toBe(true);
  expect(others.filter(({ closed }) => closed)).toEqual([]);
});

test('closes connections with slow bodies before new ones, so that new ones do not displace each other [ASVS 13.1.2]', async () => {
  const slow = await openMany(CEILING, `${HEAD}Content-Length: 1000\r\n\r\n{`);
  await sleep(100);
  // A distant client: its request arrives some time after its connection.
  const caller = await open('');
  const newcomers = await openMany(CEILING / 2, '');
  caller.socket.write(READY);
  await sleep(300);
  expect(caller.received).toMatch(/^HTTP\/1\.1 200 /);
  expect(newcomers.filter(({ closed }) => closed)).toEqual([]);
  expect(slow.filter(({ closed }) => closed).length).toBeGreaterThanOrEqual(CEILING / 2);
});

test('responds with 408 to headers that take over 10 s and requests that take over 30 s', async () => {
  const { headersTimeout, requestTimeout } = httpServer();
  expect([headersTimeout, requestTimeout]).toEqual([10_000, 30_000]);
  Object.assign(httpServer(), { headersTimeout: 300, requestTimeout: 600 });
  try {
    const lines = await Promise.all(
      ['', 'GET', `${HEAD}X-Slow: `, `${HEAD}Content-Length: 100\r\n\r\n{`].map((bytes) => open(bytes)),
    );
    await sleep(2500);
    expect(lines.map(({ closed }) => closed)).toEqual(lines.map(() => true));
    for (const { received } of lines.slice(1)) expect(received).toMatch(/^HTTP\/1\.1 408 .*"request_timeout"/s);
  } finally {
    Object.assign(httpServer(), { headersTimeout, requestTimeout });
  }
});

test('closes a rejected connection even if its client keeps it open', async () => {
  const line = await open('hello\r\n\r\n');
  await sleep(200);
  expect(line.received).toMatch(/^HTTP\/1\.1 400 /);
  const drip = setInterval(() => line.socket.write('x'), 50);
  await sleep(1500);
  clearInterval(drip);
  expect(await openConnections()).toBeLessThan(CEILING / 2);
  expect(line.closed).toBe(true);
});
