import { sendRaw } from '../../support/raw-http.js';
import { documentedRoutes } from '../../support/routes.js';
import { TestServer } from '../../support/server.js';

/** The security headers of every response, including errors. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ PUBLIC_URL: 'https://auth.example.com' });
});
afterAll(() => server.stop());

const request = (method: string, path: string, rest = '') =>
  `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${rest}\r\n`;
const JSON_TYPE = 'Content-Type: application/json\r\n';
const PAGES = ['/docs', '/docs/', '/docs/errors', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js'];

/** A description of each response, and the request bytes that cause it. */
async function everyKindOfAnswer(): Promise<[string, string, number?][]> {
  const routes = await documentedRoutes(server.client);
  return [
    ...routes.map(({ method, path }) => [`${method} ${path}`, request(method, path)] as [string, string]),
    ...routes.map(({ path }) => [`HEAD ${path}`, request('HEAD', path)] as [string, string]),
    ...[...PAGES, '/openapi.json'].map((path) => [path, request('GET', path), 200] as [string, string, number]),
    ['an invalid member', request('POST', '/login', `${JSON_TYPE}Content-Length: 7\r\n\r\n{"a":1}`), 400],
    ['no JSON', request('POST', '/login', `${JSON_TYPE}Content-Length: 1\r\n\r\n{`), 400],
    ['no address', request('GET', '/%zz'), 400],
    ['two hosts', request('GET', '/docs', 'Host: y\r\n'), 400],
    ['a missing token', request('GET', '/users/me'), 401],
    ['a bad token', request('GET', '/users/me', 'Authorization: Bearer x\r\n'), 401],
    ['nothing there', request('GET', '/nothing'), 404],
    ['nothing there among the pages', request('GET', '/docs/nothing'), 404],
    ['another spelling', request('GET', '//users/me'), 404],
    ['a wrong method', request('PUT', '/users/me'), 405],
    ['OPTIONS *', request('OPTIONS', '*'), 405],
    ['CONNECT', request('CONNECT', 'x:443'), 405],
    ['a large body', request('POST', '/login', `${JSON_TYPE}Content-Length: 99999\r\n`), 413],
    ['a form', request('POST', '/login', 'Content-Type: text/plain\r\nContent-Length: 1\r\n\r\nx'), 415],
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['large headers', request('GET', '/', `X-A: ${'x'.repeat(20_000)}\r\n`), 431],
    ['many headers', request('GET', '/', 'a: b\r\n'.repeat(200)), 431],
  ];
}

const PAGE = /^\/docs(\/|$)/;

test('every route and every kind of error has the security headers [ASVS 3.2.1, 3.4.1, 3.4.3, 3.4.4, 3.4.5, 3.4.6, 3.4.8, 3.5.8, 4.1.1, 13.4.6, 14.2.2, 14.3.2]', async () => {
  for (const [name, bytes, expected] of await everyKindOfAnswer()) {
    const { status, headers } = await sendRaw(server.client.url, bytes);
    expect([name, status]).toEqual([name, expected ?? status]);
    expect(status).toBeGreaterThanOrEqual(200);
    const isForAll = /\.well-known|openapi\.json/.test(name);
    expect([name, headers]).toEqual([
      name,
      expect.objectContaining({
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
        'content-security-policy': expect.stringMatching(/^default-src 'none';/),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': isForAll ? 'cross-origin' : 'same-origin',
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      }),
    ]);
    const policy = headers['content-security-policy'] as string;
    for (const directive of ['object-src', 'base-uri', 'frame-ancestors', 'form-action']) {
      expect([name, policy]).toEqual([name, expect.stringContaining(`${directive} 'none'`)]);
    }
    // Only the pages may run scripts, and only from files.
    expect([name, /script-src/.test(policy)]).toEqual([name, PAGE.test(name) || name.endsWith('among the pages')]);
    expect(policy).not.toMatch(/script-src[^;]*(unsafe|\*|data:|https?:)/);
    // Public keys and the files of Swagger UI may be cached.
    if (!/\.well-known|\.css$|\.js$/.test(name)) expect([name, headers['cache-control']]).toEqual([name, 'no-store']);
    if (headers['content-length'] !== '0' && status !== 204) {
      expect([name, headers['content-type']]).toEqual([name, expect.stringMatching(/; charset=utf-8$/i)]);
    }
    expect(Object.keys(headers)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(server|x-powered-by|via)$/)]),
    );
  }
});

test('the response to a stalled request (408) has them too', async () => {
  const waited = await sendRaw(server.client.url, 'GET /health/live HTTP/1.1\r\nHost: x\r\n');
  expect([waited.status, waited.headers['strict-transport-security']]).toEqual([
    408,
    'max-age=31536000; includeSubDomains',
  ]);
});

test('sends no HSTS header over plain http, which would make localhost unreachable for developers', async () => {
  await server.restart({ PUBLIC_URL: 'http://localhost:3000' });
  for (const [name, bytes] of await everyKindOfAnswer()) {
    const { headers } = await sendRaw(server.client.url, bytes);
    expect([name, headers['strict-transport-security']]).toEqual([name, undefined]);
  }
});
