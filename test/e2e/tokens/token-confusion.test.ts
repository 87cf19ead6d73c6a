import { SignJWT } from 'jose';
import { PASSWORD } from '../../support/client.js';
import { secrets } from '../../support/secrets.js';
import { TestServer } from '../../support/server.js';
import { basic, Service } from '../../support/service.js';

/**
 * Sends every kind of secret to every place that accepts one: each is valid only where it belongs
 * (RFC 8725 §3.12, ASVS 9.2.2; attack: confusion).
 */
const SECRET = Buffer.alloc(32, 7);
const KINDS = [
  'access token',
  'refresh token',
  'client secret',
  'client id',
  'password',
  'kid',
  'JWT under PORTERO_SECRET',
] as const;
type Kind = (typeof KINDS)[number];

let server: TestServer;
let service: Service;
beforeAll(async () => {
  server = await TestServer.start();
  await server.client.post('/auth/register', { body: { username: 'ana', password: PASSWORD } });
  service = await Service.register(server);
});
afterAll(() => server.stop());

async function make(kind: Kind): Promise<string> {
  const tokens = await server.client.logIn('ana');
  const header = JSON.parse(Buffer.from(tokens.access_token.split('.')[0] as string, 'base64url').toString());
  const claims = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] as string, 'base64url').toString());
  for (const name of [service.id, header.kid]) secrets.addName(name);
  const made: Record<Kind, string> = {
    'access token': tokens.access_token,
    'refresh token': tokens.refresh_token,
    'client secret': service.secret,
    'client id': service.id,
    password: PASSWORD,
    kid: header.kid,
    'JWT under PORTERO_SECRET': await new SignJWT(claims).setProtectedHeader({ ...header, alg: 'HS256' }).sign(SECRET),
  };
  return made[kind];
}

/** A place, the kind of secret that is valid there, and its responses to that kind and to any other. */
const PLACES: Record<string, { good: Kind; ask: (secret: string) => Promise<unknown>; yes: unknown; no: unknown }> = {
  'a protected route': {
    good: 'access token',
    ask: async (token) => codeOf(await server.client.get('/protected', { token })),
    yes: 200,
    no: 'token_malformed',
  },
  'POST /auth/refresh': {
    good: 'refresh token',
    ask: async (token) => codeOf(await server.client.refresh(token)),
    yes: 200,
    no: 'refresh_token_invalid',
  },
  'POST /auth/refresh in the header': {
    good: 'refresh token',
    ask: async (token) => codeOf(await server.client.post('/auth/refresh', { token })),
    yes: 200,
    no: 'refresh_token_invalid',
  },
  'POST /auth/logout in the header': {
    good: 'access token',
    ask: async (token) => codeOf(await server.client.post('/auth/logout', { token })),
    yes: 204,
    no: 'token_malformed',
  },
  'POST /auth/logout in the body': {
    good: 'refresh token',
    ask: async (token) => codeOf(await server.client.post('/auth/logout', { body: { refresh_token: token } })),
    yes: 204,
    no: 'refresh_token_invalid',
  },
  'POST /auth/login': {
    good: 'password',
    ask: async (password) => codeOf(await server.client.post('/auth/login', { body: { username: 'ana', password } })),
    yes: 200,
    no: 'invalid_credentials',
  },
  'POST /oauth/introspect': {
    good: 'access token',
    ask: async (token) => (await service.introspect(token)).body.active,
    yes: true,
    no: false,
  },
  'the secret of a client': {
    good: 'client secret',
    ask: async (secret) =>
      codeOf(await service.post('/oauth/introspect', 'token=x', { Authorization: basic(service.id, secret) })),
    yes: 200,
    no: 'invalid_client',
  },
  'the id of a client': {
    good: 'client id',
    ask: async (id) =>
      codeOf(await service.post('/oauth/introspect', 'token=x', { Authorization: basic(id, service.secret) })),
    yes: 200,
    no: 'invalid_client',
  },
};

const codeOf = ({ status, body }: { status: number; body: unknown }) => (body as { code?: string }).code ?? status;

test.each(Object.keys(PLACES).flatMap((place) => KINDS.map((kind) => [place, kind] as const)))(
  '%s accepts or rejects the %s according to its kind',
  async (place, kind) => {
    const { good, ask, yes, no } = PLACES[place] as (typeof PLACES)[string];
    expect(await ask(await make(kind))).toBe(kind === good ? yes : no);
  },
);

test('POST /oauth/revoke ends a session only with one of its two tokens', async () => {
  for (const kind of KINDS) {
    const secret = await make(kind);
    const { access_token } = await server.client.logIn('ana');
    expect((await service.revoke(secret)).status).toBe(200);
    expect((await server.client.get('/protected', { token: access_token })).status).toBe(200);
    const isEnded = kind === 'access token' || kind === 'refresh token';
    if (kind === 'access token')
      expect(codeOf(await server.client.get('/protected', { token: secret }))).toBe('token_revoked');
    if (kind === 'refresh token') expect(codeOf(await server.client.refresh(secret))).toBe('session_revoked');
    if (!isEnded) expect(codeOf(await service.introspect(access_token))).toBe(200);
  }
});
