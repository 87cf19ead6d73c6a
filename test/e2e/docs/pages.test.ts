import { createDatabase, type TestDatabase } from '../../support/engine.js';
import { expectProblem } from '../../support/matchers.js';
import { ServerProcess } from '../../support/process.js';
import { sendRaw } from '../../support/raw-http.js';

/** The pages and their files, from the built server. */
let database: TestDatabase;
let server: ServerProcess;
beforeAll(async () => {
  database = await createDatabase();
  server = await ServerProcess.start(database.env);
});
afterAll(async () => {
  await ServerProcess.killAll();
  await database.drop();
});

/** The files that a page loads. Scripts import others. */
async function filesOf(path: string): Promise<string[]> {
  const { text } = await server.client.get(path);
  const named = [...text.matchAll(/(?:src|href)="(\/docs\/[\w.-]+\.\w+)"/g)].map(([, file]) => file as string);
  const scripts = await Promise.all(
    named.filter((file) => /docs\.js$/.test(file)).map((file) => server.client.get(file)),
  );
  const imported = scripts.flatMap(({ text: code }) => [...code.matchAll(/from '\.\/([\w.-]+)'/g)]);
  return [...new Set([...named, ...imported.map(([, file]) => `/docs/${file}`)])];
}

const head = (path: string, encoding: string, rest = '') =>
  sendRaw(
    server.client.url,
    `HEAD ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Encoding: ${encoding}\r\n${rest}\r\n`,
  );

test('GET and HEAD of / lead to Swagger UI, and other methods are not allowed', async () => {
  for (const method of ['GET', 'HEAD']) {
    const { status, headers } = await server.client.call(method, '/');
    expect([status, headers.get('location')]).toEqual([302, '/docs']);
  }
  const refused = await server.client.post('/', { body: {} });
  expectProblem(refused, 405, 'method_not_allowed');
  expect(refused.headers.get('allow')).toBe('GET, HEAD');
});

test('every file of the pages is served compressed, and is not sent again while it is current', async () => {
  const files = [...(await filesOf('/docs')), ...(await filesOf('/docs/errors'))];
  expect(files.length).toBeGreaterThan(10);
  let bytes = 0;
  for (const file of new Set(files)) {
    const { status, headers } = await head(file, 'gzip, deflate, br');
    expect([file, status, headers['cache-control']]).toEqual([file, 200, 'public, no-cache']);
    expect([file, headers.vary?.toLowerCase()]).toEqual([file, 'accept-encoding']);
    if (!file.endsWith('.png')) expect([file, headers['content-encoding']]).toEqual([file, 'br']);
    bytes += Number(headers['content-length']);
    const again = await head(file, 'gzip, deflate, br', `If-None-Match: ${headers.etag}\r\n`);
    expect([file, again.status]).toEqual([file, 304]);
  }
  expect(bytes).toBeLessThan(400_000);
  const [gzip, plain] = [await head('/docs/swagger-ui.css', 'gzip'), await head('/docs/swagger-ui.css', 'identity')];
  expect([gzip.headers['content-encoding'], plain.headers['content-encoding']]).toEqual(['gzip', undefined]);
  expect(gzip.headers.etag).not.toBe(plain.headers.etag);
});

test.each([
  ['gzip, br', 'gzip'],
  ['br;q=1.0, gzip;q=0.8', 'gzip'],
  ['br', undefined],
  ['gzip;q=0', undefined],
  ['identity', undefined],
])('the OpenAPI document is sent to a client that accepts %s with Content-Encoding %s', async (accepted, encoding) => {
  const { headers } = await head('/openapi.json', accepted);
  expect([headers['content-encoding'], headers.vary]).toEqual([encoding, 'Accept-Encoding']);
  const answer = await server.client.get('/openapi.json', { headers: { 'Accept-Encoding': accepted } });
  expect(answer.body.openapi).toBe('3.1.0');
});

test('no source map is served or named, and the pages have no inline scripts or styles', async () => {
  for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
    expect((await server.client.get(`/docs/${file}`)).text).not.toContain('sourceMappingURL');
    expectProblem(await server.client.get(`/docs/${file}.map`), 404, 'not_found');
    expectProblem(await server.client.get(`/docs/${file}.br`), 404, 'not_found');
  }
  for (const path of ['/docs', '/docs/errors']) {
    const { text, headers } = await server.client.get(path);
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|https?:/);
    expect(text).not.toMatch(/<style|style="|<script(?![^>]* src=)| on\w+="/);
    expect(text).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  }
});
