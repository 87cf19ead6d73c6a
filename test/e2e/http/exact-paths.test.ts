import { expectProblem } from '../../support/matchers.js';
import { type RawAnswer, sendRaw } from '../../support/raw-http.js';
import { documentedRoutes, type Route } from '../../support/routes.js';
import { TestServer } from '../../support/server.js';

/** A route has one path with one spelling (attacks: limiter evasion, host poisoning). */
let server: TestServer;
let routes: Route[];
let token: string;
beforeAll(async () => {
  server = await TestServer.start();
  routes = await documentedRoutes(server.client);
  token = (await server.client.signUp('ana')).access_token;
});
afterAll(() => server.stop());

const send = (method: string, target: string, headers = 'Host: localhost\r\n'): Promise<RawAnswer> =>
  sendRaw(
    server.client.url,
    `${method} ${target} HTTP/1.1\r\n${headers}Authorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
  );

const encode = (text: string) => `%${text.charCodeAt(0).toString(16)}`;
const SPELLINGS: [string, (path: string) => string][] = [
  ['two slashes', (path) => `/${path}`],
  ['two slashes inside', (path) => path.replace(/\/(?=[^/]*$)/, '//')],
  ['capitals', (path) => path.toUpperCase()],
  ['one capital', (path) => path.slice(0, -1) + path.slice(-1).toUpperCase()],
  ['a slash at the end', (path) => `${path}/`],
  ['an encoded letter', (path) => path.replace(/[a-z]/, encode)],
  ['an encoded last letter', (path) => path.slice(0, -1) + encode(path.slice(-1))],
  ['a letter encoded twice', (path) => path.replace(/[a-z]/, (letter) => `%25${encode(letter).slice(1)}`)],
  ['an encoded slash', (path) => `/%2f${path.slice(1)}`],
  ['an encoded slash inside', (path) => path.replace(/\/(?=[^/]*$)/, '%2F')],
  ['a dot segment', (path) => `/.${path}`],
  ['an encoded dot segment', (path) => `/%2e${path}`],
  ['a dot segment at the end', (path) => `${path}/.`],
  ['a way up', (path) => `/x/..${path}`],
  ['an encoded way up', (path) => `/x/%2e%2e${path}`],
  ['a way up from the public documents', (path) => `/.well-known/..${path}`],
  ['a way up from the pages', (path) => `/docs/..${path}`],
  ['path parameters', (path) => `${path};x=1`],
  ['path parameters inside', (path) => path.replace(/\/(?=[^/]*$)/, ';x/')],
  ['a fragment', (path) => `${path}#x`],
  ['an encoded question mark', (path) => `${path}%3fx`],
  ['NUL', (path) => `${path}%00`],
  ['a space', (path) => `${path}%20`],
  ['an extension', (path) => `${path}.json`],
  ['backslashes', (path) => path.replaceAll('/', '\\')],
  ['letters of the full width', (path) => path.replace('o', '%ef%bd%8f').replace('e', '%ef%bd%85')],
];

test.each(SPELLINGS)('%s reach no route [ASVS 1.1.1]', async (_, respell) => {
  for (const { method, path } of routes) {
    const spelling = respell(path);
    if (spelling === path) continue;
    const { status, body } = await send(method, spelling);
    expect([400, 404, 405].includes(status) ? [] : [method, spelling, status]).toEqual([]);
    expect(JSON.parse(body)).toMatchObject({ status });
  }
});

test('every route responds at its own path, so that the test above can fail', async () => {
  for (const { method, path } of routes.filter((route) => route.method === 'GET')) {
    expect([path, (await send(method, path)).status]).toEqual([path, 200]);
  }
});

describe('the forms of a request target (RFC 9112 §3.2)', () => {
  test.each(['http://localhost', 'HTTP://evil.example:80', 'https://[::1]:1'])(
    'handles the absolute form %s like the path after it',
    async (prefix) => {
      expect((await send('GET', `${prefix}/protected`)).body).toBe('{"logged_in_as":"ana"}');
      expect((await send('GET', `${prefix}/PROTECTED`)).status).toBe(404);
      expect((await send('GET', `${prefix}//protected`)).status).toBe(404);
      expect((await send('GET', prefix)).headers.location).toBe('/docs');
    },
  );

  test.each(['ftp://localhost/protected', 'http://me@localhost/protected', 'http:///protected', 'protected', '*', 'x'])(
    'GET %s is 400',
    async (target) => {
      expect(await send('GET', target)).toMatchObject({
        status: 400,
        body: expect.stringMatching(/malformed_request/),
      });
    },
  );

  test('OPTIONS * is 405 with an Allow header of all methods', async () => {
    const { status, headers } = await send('OPTIONS', '*');
    expect([status, headers.allow]).toEqual([405, 'DELETE, GET, HEAD, PATCH, POST']);
  });

  test('CONNECT is 405, and the connection is closed', async () => {
    const answer = await sendRaw(
      server.client.url,
      'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\nGET /protected HTTP/1.1\r\nHost: x\r\n\r\n',
    );
    expect(answer).toMatchObject({ status: 405, headers: { allow: '', connection: 'close' } });
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'method_not_allowed' });
  });

  test.each(['TRACE', 'TRACK', 'PROPFIND', 'PURGE', 'OPTIONS'])(
    '%s runs no route [ASVS 4.1.4, 13.4.4]',
    async (method) => {
      for (const { path } of routes) {
        const { status, headers, body } = await send(method, path);
        // The parser treats a method that it does not know as invalid HTTP.
        expect([405, 400]).toContain(status);
        if (status === 405) expect(headers.allow).toMatch(/^[A-Z]+(, [A-Z]+)*$/);
        expect(body).not.toContain(token);
      }
    },
  );
});

describe('the host (RFC 9112 §3.2)', () => {
  test.each([
    ['two', 'Host: localhost\r\nHost: evil.example\r\n'],
    ['the same one twice', 'Host: localhost\r\nhost: localhost\r\n'],
    ['none', ''],
    ['an empty one', 'Host:\r\n'],
    ['a path', 'Host: localhost/x\r\n'],
    ['a user', 'Host: me@localhost\r\n'],
    ['two in one', 'Host: localhost, evil.example\r\n'],
    ['a port that is none', 'Host: localhost:http\r\n'],
    ['an open bracket', 'Host: [::1\r\n'],
  ])('%s is 400', async (_, host) => {
    expect(await send('GET', '/protected', host)).toMatchObject({ status: 400, headers: { connection: 'close' } });
  });

  test.each(['localhost', 'localhost:3000', 'LOCALHOST.', '127.0.0.1', '[::1]:3000', 'a_b.example'])(
    '%s is accepted',
    async (host) => {
      expect((await send('GET', '/protected', `Host: ${host}\r\n`)).status).toBe(200);
    },
  );

  test('no response contains a host that the client sent [attack: host poisoning]', async () => {
    const poison =
      'Host: evil.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: evil\r\nForwarded: host=evil.example;proto=evil\r\nX-Original-URL: /evil\r\n';
    const pages = ['/docs', '/docs/errors', '/openapi.json', '/nothing'].map((path) => ({ method: 'GET', path }));
    for (const { method, path } of [...routes, ...pages]) {
      const { status, headers, body } = await send(method, path, poison);
      expect(status).toBeGreaterThan(0);
      expect(JSON.stringify(headers) + body).not.toMatch(/evil/i);
    }
    const body = JSON.stringify({ username: 'eva', password: 'a long and uncommon passphrase' });
    const registered = await sendRaw(
      server.client.url,
      `POST /register HTTP/1.1\r\n${poison}Connection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect([registered.status, registered.headers.location]).toEqual([201, '/users/me']);
  });
});

test('an unknown path parameter of any length is 404', async () => {
  expectProblem(await server.client.get(`/users/${'x'.repeat(8000)}`), 404, 'not_found');
});
