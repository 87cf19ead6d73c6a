import { sendRaw } from '../../support/raw-http.js';
import { TestServer } from '../../support/server.js';

/** The files of Swagger UI. A library handles conditional and partial requests for them (RFC 9110 §13, §14). */
const FILE = '/docs/swagger-ui.css';
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const get = (headers: string, method = 'GET') =>
  sendRaw(server.client.url, `${method} ${FILE} HTTP/1.1\r\nHost: x\r\n${headers}\r\nConnection: close\r\n\r\n`);

test.each([
  ['a range beyond the end', 'Range: bytes=99999999-', 416, 'range_not_satisfiable'],
  ['an empty suffix', 'Range: bytes=-0', 416, 'range_not_satisfiable'],
  ['a range that ends before it begins', 'Range: bytes=9-1', 416, 'range_not_satisfiable'],
  ['an entity tag that is not the file’s', 'If-Match: "x"', 412, 'precondition_failed'],
  ['a weak entity tag', 'If-Match: W/"x"', 412, 'precondition_failed'],
  ['a date before the last change', 'If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT', 412, 'precondition_failed'],
])('rejects %s with a problem', async (_, header, status, code) => {
  for (const method of ['GET', 'HEAD']) {
    const answer = await get(header, method);
    expect([method, answer.status]).toEqual([method, status]);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    if (method === 'GET') expect(JSON.parse(answer.body)).toMatchObject({ status, code });
  }
});

test('reports the length of the file for an unsatisfiable range, and serves a satisfiable one', async () => {
  const { headers } = await get('Range: bytes=99999999-');
  const [, length] = /^bytes \*\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  expect(Number(length)).toBeGreaterThan(1000);
  const part = await get('Range: bytes=0-9');
  expect([part.status, part.body.length]).toEqual([206, 10]);
  expect(part.headers['content-range']).toBe(`bytes 0-9/${length}`);
});

test.each(['Range: x', 'Range: lines=0-1', 'If-None-Match: "x"', 'If-Modified-Since: never'])(
  'sends the whole file despite %s',
  async (header) => {
    expect((await get(header)).status).toBe(200);
  },
);

test.each([
  'package.json',
  'swagger-ui-bundle.js.map',
  'docs.html',
  'index.html',
  'swagger-ui.css/',
  '..%2fpackage.json',
])('/docs/%s is not served', async (file) => {
  const answer = await server.client.get(`/docs/${file}`);
  expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
});
