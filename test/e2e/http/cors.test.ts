import type { CallOptions } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { documentedRoutes, type Route } from '../../support/routes.js';
import { TestServer } from '../../support/server.js';

/** Only pages of listed origins may read responses (ASVS 3.4.2, 3.5.2, 3.5.8). */
const LISTED = ['https://app.example.com', 'http://localhost:8080'];
let server: TestServer;
let routes: Route[];
beforeAll(async () => {
  server = await TestServer.start({ CORS_ORIGINS: LISTED.join(', ') });
  routes = await documentedRoutes(server.client);
});
afterAll(() => server.stop());

const isPublic = (path: string) => path.startsWith('/.well-known/') || path === '/openapi.json';
const corsHeaders = (headers: Headers) => [...headers.keys()].filter((name) => name.startsWith('access-control-'));
const preflight = (path: string, origin: string, headers: Record<string, string> = {}) =>
  server.client.call('OPTIONS', path, {
    headers: { Origin: origin, 'Access-Control-Request-Method': 'POST', ...headers },
  });

function expectReadable(headers: Headers, origin: string): void {
  expect(headers.get('access-control-allow-origin')).toBe(origin);
  expect(headers.get('access-control-allow-credentials')).toBe('true');
  expect(headers.get('access-control-expose-headers')).toBe('X-Request-Id, RateLimit, RateLimit-Policy, Retry-After');
  expect(headers.get('vary')).toMatch(/(^|, )Origin$/);
}

test.each(LISTED)('pages of %s can read the responses of every route', async (origin) => {
  for (const { method, path } of routes.filter((route) => !isPublic(route.path))) {
    expectReadable((await server.client.call(method, path, { headers: { Origin: origin } })).headers, origin);
  }
});

test.each<[string, number, string, string, CallOptions]>([
  ['an address that is none', 404, 'GET', '/nothing', {}],
  ['an address in another spelling', 404, 'GET', '//protected', {}],
  ['a wrong method', 405, 'PUT', '/protected', {}],
  ['a missing token', 401, 'GET', '/protected', {}],
  ['a body that is no JSON', 400, 'POST', '/login', { body: '{' }],
  ['a body that is too large', 413, 'POST', '/login', { body: 'x'.repeat(40_000) }],
  ['a body of another type', 415, 'POST', '/login', { body: 'x', headers: { 'Content-Type': 'text/plain' } }],
])('%s is a %i that a listed page can read', async (_, status, method, path, options) => {
  const headers = { ...options.headers, Origin: LISTED[0] as string };
  const answer = await server.client.call(method, path, { ...options, headers });
  expect(answer.status).toBe(status);
  expectReadable(answer.headers, LISTED[0] as string);
  expect(answer.headers.get('vary')).toBe('Accept-Language, Origin');
});

test('a URL that cannot be decoded is a 400 that a listed page can read', async () => {
  const { status, headers } = await server.client.get('/%zz', { headers: { Origin: LISTED[0] as string } });
  expect([status, headers.get('access-control-allow-origin')]).toEqual([400, LISTED[0]]);
});

test.each([
  'null',
  '*',
  'https://evil.example',
  'https://app.example.com.evil.example',
  'https://evil-app.example.com',
  'https://sub.app.example.com',
  'https://app.example.co',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://app.example.com:443',
  'https://APP.example.com',
  'https://app.example.com/',
  'https://app.example.com, http://localhost:8080',
  'http://localhost',
  'http://127.0.0.1:8080',
])('a response to %s has no CORS header, and its preflight is rejected [ASVS 3.4.2]', async (origin) => {
  for (const { method, path } of [...routes, { method: 'GET', path: '/nothing' }]) {
    if (isPublic(path)) continue;
    const { headers } = await server.client.call(method, path, { headers: { Origin: origin } });
    expect(corsHeaders(headers)).toEqual([]);
    expect(headers.get('vary')).toMatch(/(^|, )Origin$/);
  }
  const answer = await preflight('/auth/login', origin);
  expectProblem(answer, 405, 'method_not_allowed');
  expect(corsHeaders(answer.headers)).toEqual([]);
});

test('a response to a request without an Origin header has Vary: Origin', async () => {
  const { headers } = await server.client.get('/protected');
  expect(corsHeaders(headers)).toEqual([]);
  expect(headers.get('vary')).toBe('Accept-Language, Origin');
});

test('the preflight of a listed page lists the allowed methods and headers, for every URL', async () => {
  for (const path of ['/auth/login', '/users/me', '/nothing', '/docs']) {
    const { status, headers, text } = await preflight(path, LISTED[0] as string);
    expect([status, text]).toEqual([204, '']);
    expectReadable(headers, LISTED[0] as string);
    expect(headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, PUT, PATCH, DELETE');
    expect(headers.get('access-control-allow-headers')).toBe('Authorization, Content-Type, X-CSRF-Token, X-Request-Id');
    expect(headers.get('access-control-max-age')).toBe('600');
    expect(headers.has('access-control-allow-private-network')).toBe(false);
  }
});

test('OPTIONS without the preflight headers is 405', async () => {
  const answer = await server.client.call('OPTIONS', '/login', { headers: { Origin: LISTED[0] as string } });
  expectProblem(answer, 405, 'method_not_allowed');
});

test.each(['/.well-known/jwks.json', '/.well-known/nothing', '/openapi.json', '/openapi.json?x=1'])(
  '%s can be read by every page, without credentials',
  async (path) => {
    for (const origin of ['https://evil.example', 'null', ...LISTED]) {
      const { headers } = await server.client.get(path, { headers: { Origin: origin } });
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.has('access-control-allow-credentials')).toBe(false);
      expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
      expect(headers.get('vary') ?? '').not.toContain('Origin');
    }
    expect((await preflight(path, 'https://evil.example')).status).toBe(204);
  },
);

test.each(['/openapi.jsonx', '/.well-known', '/protected?/.well-known/jwks.json', '/x/.well-known/jwks.json'])(
  '%s cannot be read by every page',
  async (path) => {
    const { headers } = await server.client.get(path, { headers: { Origin: 'https://evil.example' } });
    expect(corsHeaders(headers)).toEqual([]);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  },
);

test('without the setting no page of another origin can read a response [ASVS 3.4.2]', async () => {
  await server.restart({ CORS_ORIGINS: '' });
  const answer = await server.client.get('/protected', { headers: { Origin: LISTED[0] as string } });
  expect(corsHeaders(answer.headers)).toEqual([]);
  expect(answer.headers.get('vary')).toBe('Accept-Language');
  expect((await preflight('/login', LISTED[0] as string)).status).toBe(405);
});
