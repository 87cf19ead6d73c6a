import { PASSWORD } from '../../support/client.js';
import { readAll, sendRaw } from '../../support/raw-http.js';
import { TestServer } from '../../support/server.js';

/** The end of a request is never ambiguous (attack: framing; ASVS 4.2.1). See also problems.test.ts. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const get = (headers: string, target = '/health/live') => `GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const post = (headers: string, body: string, version = '1.1') =>
  `POST /auth/login HTTP/${version}\r\nHost: x\r\nContent-Type: application/json\r\n${headers}\r\n${body}`;
const chunked = (body: string, coding = 'chunked') => post(`Transfer-Encoding: ${coding}\r\n`, body);

const REFUSED: [string, string, number][] = [
  ['two lengths', post('Content-Length: 2\r\nContent-Length: 3\r\n', '{}'), 400],
  ['the same length twice', post('Content-Length: 2\r\nContent-Length: 2\r\n', '{}'), 400],
  ['a list of lengths', post('Content-Length: 2, 2\r\n', '{}'), 400],
  ['a length with a sign', post('Content-Length: +2\r\n', '{}'), 400],
  ['a negative length', post('Content-Length: -1\r\n', '{}'), 400],
  ['a length in hexadecimal', post('Content-Length: 0x2\r\n', '{}'), 400],
  ['a length and a coding', post('Transfer-Encoding: chunked\r\nContent-Length: 2\r\n', '0\r\n\r\n'), 400],
  ['a coding that nobody knows', chunked('0\r\n\r\n', 'xchunked'), 400],
  ['a coding before chunked', chunked('0\r\n\r\n', 'gzip, chunked'), 400],
  ['chunked twice', chunked('0\r\n\r\n', 'chunked, chunked'), 400],
  ['a coding in HTTP/1.0', post('Transfer-Encoding: chunked\r\n', '2\r\n{}\r\n0\r\n\r\n', '1.0'), 400],
  ['an endless chunk', chunked('fffffffffffffffffff\r\n{}\r\n0\r\n\r\n'), 400],
  ['a negative chunk', chunked('-2\r\n{}\r\n0\r\n\r\n'), 400],
  ['a chunk longer than it says', chunked('1\r\n{}\r\n0\r\n\r\n'), 400],
  ['a chunk that ends in a line feed alone', chunked('2\n{}\r\n0\r\n\r\n'), 400],
  ['a flood of chunk extensions', chunked(`2;${'a'.repeat(40_000)}\r\n{}\r\n0\r\n\r\n`), 400],
  ['many chunks with extensions', chunked(`${`1;${'a'.repeat(500)}\r\n \r\n`.repeat(100)}0\r\n\r\n`), 400],
  ['a folded header', get('X-A: a\r\n b\r\n'), 400],
  ['NUL in a header', get('X-A: a\0b\r\n'), 400],
  ['NUL in a header’s name', get('X-\0A: a\r\n'), 400],
  ['a space before the colon', get('X-A : a\r\n'), 400],
  ['a carriage return in a header', get('X-A: a\rb\r\n'), 400],
  ['line feeds alone', 'GET /health/live HTTP/1.1\nHost: x\n\n', 400],
  ['a control character in the path', get('', '/health/live\x01'), 400],
  ['a space in the path', get('', '/health /live'), 400],
  ['HTTP/0.9', 'GET /health/live\r\n\r\n', 400],
  ['HTTP/2.0 as a version', 'GET /health/live HTTP/2.0\r\nHost: x\r\n\r\n', 400],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['a path of 100 kB', get('', `/${'a'.repeat(100_000)}`), 431],
  ['two Authorization headers', get('Authorization: Bearer a\r\nAuthorization: Bearer b\r\n'), 400],
  ['two content types', post('Content-Type: text/plain\r\nContent-Length: 2\r\n', '{}'), 400],
  ['more than 100 headers', get('a: b\r\n'.repeat(100)), 431],
  ['thousands of headers', get('a: b\r\n'.repeat(4000)), 431],
];

test.each(REFUSED)('rejects %s with a problem and closes the connection [ASVS 4.2.1]', async (_, bytes, status) => {
  const answer = await sendRaw(server.client.url, bytes);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body)).toMatchObject({ status, request_id: answer.headers['x-request-id'] });
  expect(answer.headers).toMatchObject({ connection: 'close', 'x-content-type-options': 'nosniff' });
  expect((await server.client.get('/health/live')).status).toBe(200);
});

test('does not read the bytes after a rejected request as another one (request smuggling) [ASVS 4.2.1]', async () => {
  const smuggled = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
  for (const [, bytes] of REFUSED) {
    const { body } = await sendRaw(server.client.url, bytes + smuggled);
    expect(body).not.toMatch(/HTTP\/1.1 200/);
  }
});

test('responds to successive requests on one connection in order', async () => {
  const login = JSON.stringify({ username: 'nobody', password: PASSWORD });
  const bytes = [
    post(`Content-Length: ${login.length}\r\n`, login),
    get(''),
    get('Connection: close\r\n', '/nothing'),
  ].join('');
  const text = await readAll(server.client.url, bytes);
  expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['401', '200', '404']);
});

test('a response has the length that its Content-Length states [ASVS 4.2.2]', async () => {
  for (const path of ['/health/live', '/docs', '/openapi.json', '/nothing', '/docs/errors']) {
    const { headers, body } = await sendRaw(server.client.url, get('Connection: close\r\n', path));
    expect(headers['transfer-encoding']).toBeUndefined();
    expect([path, Number(headers['content-length'])]).toEqual([path, Buffer.byteLength(body, 'latin1')]);
  }
});
