import { decodeJwt } from 'jose';
import { DataSource } from 'typeorm';
import { Clock } from '../../../src/clock/clock.js';
import { ClientRegistry } from '../../../src/oauth/client-registry.js';
import { type Answer, PASSWORD } from '../../support/client.js';
import { expectFaults } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';
import { basic, Service } from '../../support/service.js';

/** Introspection (RFC 7662) and revocation (RFC 7009) of tokens by registered services. */
let server: TestServer;
let service: Service;
beforeAll(async () => {
  server = await TestServer.start();
  await server.client.post('/auth/register', {
    body: { username: 'ana', email: 'ana@example.com', password: PASSWORD },
  });
  service = await Service.register(server);
});
afterAll(() => server.stop());

const INACTIVE = [200, '{"active":false}'];
const brief = ({ status, text }: Answer) => [status, text];
const codeOf = ({ status, body }: Answer<{ code?: unknown }>) => [status, body.code];

test('introspection of a valid access token returns its claims and nothing more', async () => {
  const { access_token } = await server.client.logIn('ana');
  const { status, headers, body } = await service.introspect(access_token);
  const { preferred_username: username, ...claims } = decodeJwt(access_token);
  expect({ status, body }).toEqual({ status: 200, body: { active: true, token_type: 'Bearer', username, ...claims } });
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
});

test.each<[string, () => Promise<string>]>([
  ['garbage', async () => 'garbage'],
  ['NUL and other bytes', async () => '\0\u{1f600}%00'],
  ['a refresh token', async () => (await server.client.logIn('ana')).refresh_token],
  ['a good token with a space behind it', async () => `${(await server.client.logIn('ana')).access_token} `],
  ['an altered token', async () => (await server.client.logIn('ana')).access_token.slice(0, -4).concat('AAAA')],
  ['8 KiB', async () => 'x'.repeat(8192)],
  [
    'a token whose session has ended',
    async () => {
      const { access_token } = await server.client.logIn('ana');
      expect((await service.introspect(access_token)).body.active).toBe(true);
      await server.client.post('/logout', { token: access_token });
      return access_token;
    },
  ],
  [
    'a token whose time is over',
    async () => {
      const { access_token, expires_in } = await server.client.logIn('ana');
      expect((await service.introspect(access_token)).body.active).toBe(true);
      server.clock.advance(expires_in * 1000);
      return access_token;
    },
  ],
])('introspection of %s returns only that it is not active (RFC 7662 §2.2)', async (_, make) => {
  expect(brief(await service.introspect(await make()))).toEqual(INACTIVE);
});

describe.each(['/oauth/introspect', '/oauth/revoke'])('%s', (path) => {
  test.each<[string, () => Record<string, string> | Promise<Record<string, string>>]>([
    ['no credentials', () => ({ Authorization: '' })],
    ['a wrong secret', () => ({ Authorization: basic(service.id, `${service.secret}x`) })],
    ['an empty secret', () => ({ Authorization: basic(service.id, '') })],
    ['an unknown client', () => ({ Authorization: basic('018f0000-0000-7000-8000-000000000000', service.secret) })],
    ['SQL as client', () => ({ Authorization: basic("' OR 1=1 --", service.secret) })],
    ['no colon', () => ({ Authorization: `Basic ${Buffer.from(service.id).toString('base64')}` })],
    ['a broken percent sign', () => ({ Authorization: basic(service.id, '%') })],
    ['no base64', () => ({ Authorization: 'Basic {}' })],
    ['a user', () => ({ Authorization: basic('ana', PASSWORD) })],
    ['an access token', async () => ({ Authorization: `Bearer ${(await server.client.logIn('ana')).access_token}` })],
    [
      'a revoked client',
      async () => {
        const revoked = await Service.register(server);
        await new ClientRegistry(server.get(DataSource).manager, new Clock()).revoke(revoked.id);
        return { Authorization: basic(revoked.id, revoked.secret) };
      },
    ],
  ])('rejects a request with %s and asks for Basic authentication (RFC 6749 §5.2)', async (_, headers) => {
    const answer = await service.post(path, 'token=x', await headers());
    expect(codeOf(answer)).toEqual([401, 'invalid_client']);
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="portero", charset="UTF-8"');
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  });

  test('decodes form-encoded Basic credentials (RFC 6749 §2.3.1), and the scheme is case-insensitive', async () => {
    const encoded = service.id.replaceAll('-', '%2D');
    const headers = { Authorization: basic(encoded, service.secret).replace('Basic', 'bASIC') };
    expect((await service.post(path, 'token=x', headers)).status).toBe(200);
  });

  test('ignores credentials in the body', async () => {
    const body = new URLSearchParams({ client_id: service.id, client_secret: service.secret, token: 'x' }).toString();
    expect(codeOf(await service.post(path, body, { Authorization: '' }))).toEqual([401, 'invalid_client']);
  });

  test('accepts only a form', async () => {
    const json = { 'Content-Type': 'application/json' };
    expect(codeOf(await service.post(path, '{"token":"x"}', json))).toEqual([415, 'unsupported_media_type']);
    const multipart = { 'Content-Type': 'multipart/form-data; boundary=x' };
    expect(codeOf(await service.post(path, '--x--', multipart))).toEqual([415, 'unsupported_media_type']);
  });

  test.each(['token=a&token=b', 'token=a&token_type_hint=x&token_type_hint=x'])(
    'rejects a repeated parameter: %s (RFC 6749 §3.2)',
    async (body) => {
      expect(codeOf(await service.post(path, body))).toEqual([400, 'malformed_request']);
    },
  );

  test('rejects invalid UTF-8', async () => {
    const response = await fetch(`${server.client.url}${path}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        Authorization: basic(service.id, service.secret),
      },
      body: new Uint8Array([0x74, 0x3d, 0xff]),
    });
    expect(response.status).toBe(400);
  });

  test.each(['', 'token=', 'other=x'])('reports a missing token (%j)', async (body) => {
    expectFaults(await service.post(path, body), ['/token', 'required']);
  });

  test('ignores unknown parameters and wrong hints', async () => {
    const body = 'token=x&token_type_hint=refresh_token&__proto__=y&constructor=z';
    expect((await service.post(path, body)).status).toBe(200);
  });

  test('ignores a token in the query', async () => {
    expectFaults(await service.post(`${path}?token=x`, ''), ['/token', 'required']);
  });

  test('rejects a body over 32 KiB', async () => {
    expect(codeOf(await service.post(path, `token=${'x'.repeat(33_000)}`))).toEqual([413, 'body_too_large']);
  });
});

test('revoking a token ends its session at once, with the refresh token, and no other session', async () => {
  const [ended, other] = [await server.client.logIn('ana'), await server.client.logIn('ana')];
  const answer = await service.revoke(ended.access_token);
  expect(brief(answer)).toEqual([200, '']);
  expect(codeOf(await server.client.get('/protected', { token: ended.access_token }))).toEqual([401, 'token_revoked']);
  expect(codeOf(await server.client.refresh(ended.refresh_token))).toEqual([401, 'session_revoked']);
  expect((await server.client.get('/protected', { token: other.access_token })).status).toBe(200);
});

test('revoking an expired access token still ends its session, and repeating it changes nothing', async () => {
  const { access_token, refresh_token, expires_in } = await server.client.logIn('ana');
  server.clock.advance(expires_in * 1000);
  for (const _ of [1, 2]) expect(brief(await service.revoke(access_token))).toEqual([200, '']);
  expect(codeOf(await server.client.refresh(refresh_token))).toEqual([401, 'session_revoked']);
});

test('responds to an unknown token as to a revoked one (RFC 7009 §2.2)', async () => {
  expect(brief(await service.revoke('garbage'))).toEqual([200, '']);
});

test('rejects a form on every other route [ASVS 3.5.2]', async () => {
  const { access_token: token } = await server.client.logIn('ana');
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const { paths } = (await server.client.get<{ paths: Record<string, Record<string, unknown>> }>('/openapi.json')).body;
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method, path]),
  );
  const taking = routes.filter(([method, path]) => method !== 'get' && !path?.startsWith('/oauth/'));
  expect(taking.length).toBeGreaterThan(8);
  for (const [method = '', template = ''] of taking) {
    const path = template.replace('{id}', service.id);
    const answer = await server.client.call(method.toUpperCase(), path, { body: 'token=x', headers, token });
    expect([path, ...codeOf(answer)]).toEqual([path, 415, 'unsupported_media_type']);
  }
});

test('the metadata list the endpoints under PUBLIC_URL (RFC 8414)', async () => {
  const { status, headers, body } = await server.client.get('/.well-known/oauth-authorization-server', {
    headers: { Host: 'evil.example' },
  });
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      issuer: 'http://localhost:3000',
      jwks_uri: 'http://localhost:3000/.well-known/jwks.json',
      introspection_endpoint: 'http://localhost:3000/oauth/introspect',
      introspection_endpoint_auth_methods_supported: ['client_secret_basic'],
      revocation_endpoint: 'http://localhost:3000/oauth/revoke',
      revocation_endpoint_auth_methods_supported: ['client_secret_basic'],
      service_documentation: 'http://localhost:3000/docs',
      ui_locales_supported: ['en', 'es'],
    },
  });
  expect(headers.get('cache-control')).toBe('public, max-age=300');
});
