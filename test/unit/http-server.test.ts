import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, type Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { Connections } from '../../src/http/connections.js';
import { createHttpServer } from '../../src/http/http-server.js';
import { isExactPath, originForm } from '../../src/http/request-target.js';
import { ProblemFilter } from '../../src/problems/problem.filter.js';

const problems = new ProblemFilter();
Logger.overrideLogger(false);

test('a path parameter that is too long for the router is 404, not an error', async () => {
  const adapter = createHttpServer({
    https: false,
    problems,
    requests: { check: () => undefined, count: () => undefined },
    corsOrigins: [],
    maxConnections: 10,
    logRequests: false,
  });
  const fastify = adapter.getInstance();
  fastify.get('/things/:id', async () => 'here');
  const url = await fastify.listen({ port: 0, host: '127.0.0.1' });
  const get = async (path: string) => {
    const { status, headers } = await fetch(url + path);
    return [status, headers.get('content-type')];
  };
  expect(await get(`/things/${'x'.repeat(100)}`)).toEqual([200, 'text/plain; charset=utf-8']);
  expect(await get(`/things/${'x'.repeat(101)}`)).toEqual([404, 'application/problem+json; charset=utf-8']);
  await fastify.close();
});

test('closes a new connection, and no other, if all connections have a request in progress', async () => {
  const { createServer } = await import('node:http');
  const waiting: (() => void)[] = [];
  const connections = new Connections(2);
  const server = createServer((request, response) => {
    if (connections.admit(request, response)) waiting.push(() => response.end('done'));
  });
  connections.watch(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const open = () => {
    const socket: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    return socket;
  };
  const busy = [open(), open()];
  while (waiting.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await once(open(), 'close');
  expect(waiting.length).toBe(2);
  for (const answer of waiting) answer();
  const answers = await Promise.all(busy.map(async (socket) => String((await once(socket, 'data'))[0])));
  expect(answers).toEqual([expect.stringMatching(/done/), expect.stringMatching(/done/)]);
  // Both are idle now, so one of them can be closed for a new connection.
  open();
  while (waiting.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  server.closeAllConnections();
  server.close();
});

test.each([
  ['http://localhost/a?b', '/a?b'],
  ['HTTPS://localhost:1/a', '/a'],
  ['http://localhost', '/'],
  ['http://localhost?b', '/?b'],
  ['http://[::1]/a', '/a'],
  ['http:///a', 'http:///a'],
  ['http://me@localhost/a', 'http://me@localhost/a'],
  ['ftp://localhost/a', 'ftp://localhost/a'],
  ['/http://localhost/a', '/http://localhost/a'],
])('the target %s is handled as %s everywhere', (target, expected) => {
  expect(originForm(target)).toBe(expected);
});

test.each(['/', '/a', '/a/', '/a/b-c_d~1.x', '/.well-known/jwks.json', '/..a', '/a..'])('%s is exact', (path) => {
  expect(isExactPath(path)).toBe(true);
});

test.each([
  '',
  'a',
  '//',
  '//a',
  '/a//',
  '/.',
  '/..',
  '/./a',
  '/a/..',
  '/%61',
  '/a;b',
  '/a#b',
  '/a\\b',
  '/a b',
  '/ä',
  '/a\n',
])('%j is not exact', (path) => {
  expect(isExactPath(path)).toBe(false);
});
