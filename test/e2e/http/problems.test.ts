import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { sendRaw } from '../../support/raw-http.js';
import { TestServer } from '../../support/server.js';

/** Section "Conventions" of the contract, which applies to every route. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const credentials = { username: 'ana', password: PASSWORD };

describe('requests that are rejected before they reach a route', () => {
  test.each([
    '/nothing',
    '/auth',
    '/auth/login/',
    '//auth/login',
    '/AUTH/LOGIN',
    '/auth/login;x',
    '/auth/%6cogin',
    '/auth/sessions/x/y',
    '/docs/%00',
  ])('%s is 404', async (path) => {
    expectProblem(await server.client.post(path, { body: credentials }), 404, 'not_found');
  });

  test.each([
    ['GET', '/auth/login', 'POST'],
    ['DELETE', '/auth/register', 'POST'],
    ['PUT', '/protected', 'GET, HEAD, POST'],
    ['PUT', '/users/me', 'DELETE, GET, HEAD, PATCH'],
    ['OPTIONS', '/login', 'POST'],
    ['POST', '/health/live', 'GET, HEAD'],
    ['POST', '/.well-known/jwks.json', 'GET, HEAD'],
  ])('%s %s is 405 with Allow: %s [ASVS 4.1.4]', async (method, path, allow) => {
    const answer = await server.client.call(method, path);
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe(allow);
  });

  test.each(['{', '{"username":}', '{"a":1}}', '\ufeff{}', '{"username":"\u0001"}'])(
    'the body %j is 400 malformed_request',
    async (body) => {
      expectProblem(await server.client.post('/auth/login', { body }), 400, 'malformed_request');
    },
  );

  test('a body that is not UTF-8 is 400', async () => {
    const body = '{"username":"\xff","password":"x"}';
    const head = `POST /auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    expect((await sendRaw(server.client.url, head + body)).status).toBe(400);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=latin1',
    'application/jsonp',
    'application/json-patch+json',
  ])('a body of type %s is 415 [ASVS 3.5.2]', async (type) => {
    const answer = await server.client.post('/auth/login', {
      body: JSON.stringify(credentials),
      headers: { 'Content-Type': type },
    });
    expectProblem(answer, 415, 'unsupported_media_type');
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'a body of type %s is accepted',
    async (type) => {
      const answer = await server.client.post('/auth/login', { body: credentials, headers: { 'Content-Type': type } });
      expectProblem(answer, 401, 'invalid_credentials');
    },
  );

  test('a body over 32 KiB is 413, and one of 32 KiB is accepted', async () => {
    const sized = (size: number) => {
      const empty = JSON.stringify({ username: 'ana', password: '' }).length;
      return { username: 'ana', password: 'x'.repeat(size - empty) };
    };
    expectProblem(await server.client.post('/login', { body: sized(32 * 1024 + 1) }), 413, 'body_too_large');
    expectProblem(await server.client.post('/login', { body: sized(32 * 1024) }), 401, 'invalid_credentials');
  });

  test('a malformed path is 400 or 404 with a problem', async () => {
    const answer = await server.client.get('/auth/%zz');
    expect([400, 404]).toContain(answer.status);
    expectProblem(answer, answer.status, answer.body.code as string);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('requests that the HTTP parser rejects [ASVS 4.2.1] [attack: framing]', () => {
  test.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'malformed_request'],
    [
      'both lengths',
      'POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'malformed_request',
    ],
    [
      'a bad chunk',
      'POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
      'malformed_request',
    ],
    ['no Host', 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'malformed_request'],
    [
      '100 kB of headers',
      `GET /health/live HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(100_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
  ])('responds to %s with a problem and the security headers', async (_, bytes, status, code) => {
    const answer = await sendRaw(server.client.url, bytes);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ status, code, request_id: answer.headers['x-request-id'] });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      connection: 'close',
    });
  });

  test('the server still works after all of them [ASVS 16.5.4]', async () => {
    expect((await server.client.get('/health/ready')).status).toBe(200);
  });
});

describe('headers of every response', () => {
  test.each(['/health/live', '/nothing', '/users/me', '/.well-known/jwks.json', '/docs/errors'])(
    '%s has the security headers and a request id [ASVS 3.2.1, 3.4.3, 3.4.4, 3.4.5, 3.4.6]',
    async (path) => {
      const { headers } = await server.client.get(path);
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers.get('content-type')).toMatch(/charset=utf-8$/);
      expect(headers.has('server') || headers.has('x-powered-by')).toBe(false);
      expect(headers.has('strict-transport-security')).toBe(false);
    },
  );

  test.each([
    ['a-Caller_s-1', true],
    ['x'.repeat(64), true],
    ['x'.repeat(65), false],
    ['a b', false],
    ['a;b', false],
    ['é', false],
  ])('keeps the client’s request id %j: %s', async (id, kept) => {
    const { headers } = await server.client.get('/nothing', { headers: { 'X-Request-Id': id } });
    expect(headers.get('x-request-id') === id).toBe(kept);
  });
});

describe('the language of problems', () => {
  const titleFor = async (accept?: string) => {
    const headers: Record<string, string> = accept === undefined ? {} : { 'Accept-Language': accept };
    const answer = await server.client.get('/users/me', { headers });
    return [answer.body.title, answer.headers.get('content-language')];
  };
  const EN = ['No access token', 'en'];
  const ES = ['Falta el token de acceso', 'es'];

  test.each([
    [undefined, EN],
    ['es', ES],
    ['es-MX,es;q=0.9', ES],
    ['en-GB, es;q=0.8', EN],
    ['es;q=0.3, en;q=0.7', EN],
    ['de, es;q=0.5', ES],
    ['de', EN],
    ['es;q=0', EN],
    ['*', EN],
    ['es;q=x, en;q=1', EN],
  ])('Accept-Language: %s', async (accept, expected) => {
    expect(await titleFor(accept)).toEqual(expected);
  });

  test('the challenge stays printable ASCII (RFC 6750 §3)', async () => {
    const { headers } = await server.client.get('/users/me', { token: 'x', headers: { 'Accept-Language': 'es' } });
    expect(headers.get('www-authenticate')).toMatch(
      /^Bearer realm="portero", error="invalid_token", error_description="[ -!#-[\]-~]+"$/,
    );
  });

  test('translates the details of faults too', async () => {
    const options = { body: { username: 'x', password: 'zq9-kfv' }, headers: { 'Accept-Language': 'es' } };
    const { body } = await server.client.post('/register', options);
    expect(body.errors).toEqual([
      { pointer: '/password', code: 'password_too_short', detail: 'La contraseña debe tener al menos 8 caracteres.' },
    ]);
  });
});
