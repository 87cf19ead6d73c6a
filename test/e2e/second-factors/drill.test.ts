import { PASSWORD, type Tokens } from '../../support/client.js';
import { fingerprint } from '../../support/everything.js';
import { expectProblem } from '../../support/matchers.js';
import { firstStep, logInWithTotp, signUpWithTotp, type UserWithTotp } from '../../support/second-factors.js';
import { TestServer } from '../../support/server.js';
import { Service } from '../../support/service.js';

/** What somebody can do who has only a part of what a user with a second factor has. */
let server: TestServer;
let user: UserWithTotp;
let users = 0;
beforeAll(async () => {
  server = await TestServer.start({ ACCESS_TOKEN_TTL: '1h' });
});
beforeEach(async () => {
  user = await signUpWithTotp(server.client, `user-${++users}`, server.clock.now());
});
afterAll(() => server.stop());

const ID = '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001';
const STEP_UP_TTL_MS = 300_000;

interface Operation {
  method: string;
  path: string;
  /** The description of its 401. */
  unauthorized: string;
}

interface Document {
  paths: Record<string, Record<string, { responses: Record<string, { description: string } | undefined> }>>;
}

async function operations(): Promise<Operation[]> {
  const { body } = await server.client.get<Document>('/openapi.json');
  return Object.entries(body.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { responses }]) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{[^}]+\}/g, ID),
      unauthorized: responses[401]?.description ?? '',
    })),
  );
}

const call = ({ method, path }: Pick<Operation, 'method' | 'path'>, body: object, headers: Record<string, string>) =>
  server.client.call(method, path, { headers, ...(method === 'GET' ? {} : { body }) });

describe('with the stolen password alone [attack: stolen password] [ASVS 6.3.4]', () => {
  test('an attacker gets nothing but the question for the second factor', async () => {
    for (const body of [{}, { transport: 'cookie' }, { transport: 'bearer' }]) {
      for (const path of ['/auth/login', '/login']) {
        const login = { username: user.username, password: PASSWORD, ...body };
        const answer = await server.client.post(path, { body: login });
        expect([answer.status, Object.keys(answer.body).sort()]).toEqual([
          403,
          ['code', 'detail', 'expires_in', 'methods', 'mfa_token', 'request_id', 'status', 'title', 'type'],
        ]);
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
    }
  });

  test('the mfa_token opens no route: as a bearer token, a cookie, a refresh token or the token of a link', async () => {
    const { mfa_token: token } = await firstStep(server.client, user.username);
    const before = await fingerprint(server);
    const all = await operations();
    expect(all.length).toBeGreaterThan(40);
    const opened: string[] = [];
    for (const operation of all) {
      const nothing = await call(operation, {}, {});
      for (const [body, headers] of [
        [{}, { Authorization: `Bearer ${token}` }],
        [{}, { Cookie: `portero=${token}`, 'X-CSRF-Token': token }],
        [{ refresh_token: token }, {}],
        [{ token, new_password: 'another passphrase, as uncommon' }, {}],
      ] as [object, Record<string, string>][]) {
        const { status } = await call(operation, body, headers);
        if (status < 400 && nothing.status >= 400) opened.push(`${operation.method} ${operation.path}`);
      }
    }
    expect(opened).toEqual([]);
    expect(await fingerprint(server)).toBe(before);
  });

  test('other services do not accept the mfa_token either', async () => {
    const service = await Service.register(server);
    const { mfa_token: token } = await firstStep(server.client, user.username);
    const { body } = await service.post('/oauth/introspect', new URLSearchParams({ token }).toString());
    expect(body).toEqual({ active: false });
  });

  test('the password does not step up a stolen session to a second factor', async () => {
    const { body } = await server.client.post<Tokens>('/auth/step-up', {
      token: user.tokens.access_token,
      body: { password: PASSWORD },
    });
    const { access_token: token } = body;
    for (const [method, path] of [
      ['DELETE', '/users/me/totp'],
      ['POST', '/users/me/recovery-codes'],
      ['DELETE', '/users/me'],
    ] as const) {
      const answer = await server.client.call(method, path, { token });
      expectProblem(answer, 401, 'insufficient_user_authentication');
    }
  });
});

describe('with a stolen access token that is older than STEP_UP_TTL [attack: stolen token] [ASVS 7.5.1, 7.5.3]', () => {
  const BODIES: Record<string, object> = {
    'POST /users/me/password': { new_password: 'another passphrase, as uncommon' },
    'POST /users/me/email': { email: 'thief@example.com' },
    'POST /users/me/totp/confirm': { code: '123456' },
  };

  test('no route that needs a step-up works, and nothing changes', async () => {
    const tokens = await logInWithTotp(server, user);
    server.clock.advance(STEP_UP_TTL_MS + 1000);
    const all = await operations();
    const guarded = all.filter(({ unauthorized }) => unauthorized.includes('insufficient_user_authentication'));
    const names = guarded.map(({ method, path }) => `${method} ${path}`);
    expect(names).toEqual(
      expect.arrayContaining([
        'POST /users/me/password',
        'POST /users/me/email',
        'DELETE /users/me',
        'POST /users/me/totp',
        'POST /users/me/totp/confirm',
        'DELETE /users/me/totp',
        'POST /users/me/recovery-codes',
      ]),
    );
    // Every route that changes passkeys is among them.
    const passkeys = all.filter(({ method, path }) => method !== 'GET' && path.startsWith('/users/me/passkeys'));
    expect(names).toEqual(expect.arrayContaining(passkeys.map(({ method, path }) => `${method} ${path}`)));
    const before = await fingerprint(server);
    for (const { method, path } of guarded) {
      const body = BODIES[`${method} ${path}`] ?? {};
      const answer = await call({ method, path }, body, { Authorization: `Bearer ${tokens.access_token}` });
      expectProblem(answer, 401, 'insufficient_user_authentication');
      expect(answer.headers.get('www-authenticate')).toMatch(/max_age="?300"?, acr_values="mfa"$/);
    }
    expect(await fingerprint(server)).toBe(before);
    // The stolen refresh token makes no authentication more recent.
    const { body: refreshed } = await server.client.refresh(tokens.refresh_token);
    for (const { method, path } of guarded) {
      const body = BODIES[`${method} ${path}`] ?? {};
      const answer = await call({ method, path }, body, { Authorization: `Bearer ${refreshed.access_token}` });
      expectProblem(answer, 401, 'insufficient_user_authentication');
    }
  });
});
