import { readFileSync } from 'node:fs';
import { messagesIn } from '../../../src/problems/language.js';
import { TestServer } from '../../support/server.js';

interface Operation {
  summary?: string;
  parameters?: { name: string; in: string; required: boolean }[];
  security?: Record<string, unknown>[];
  responses: Record<string, { content?: Record<string, { examples?: Record<string, { value: { code: string } }> }> }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { securitySchemes: unknown };
}

let server: TestServer;
let document: Document;
beforeAll(async () => {
  server = await TestServer.start();
  document = (await server.client.get<Document>('/openapi.json')).body;
});
afterAll(() => server.stop());

/** Maps `METHOD path` to the problem codes in the document. */
function documentedCodes(): Record<string, Set<string>> {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const contents = Object.values(operation.responses).map(({ content }) => content?.['application/problem+json']);
      const codes = contents.flatMap((content) => Object.keys(content?.examples ?? {}));
      return [`${method.toUpperCase()} ${path}`, new Set(codes)] as const;
    }),
  );
  return Object.fromEntries(operations);
}

test('documents every route of the contract with a summary', () => {
  const routes = Object.keys(documentedCodes()).sort();
  expect(routes).toEqual(
    [
      'GET /.well-known/jwks.json',
      'GET /.well-known/oauth-authorization-server',
      'POST /oauth/introspect',
      'POST /oauth/revoke',
      'GET /health/live',
      'GET /health/ready',
      'GET /protected',
      'DELETE /users/me',
      'GET /users/me',
      'GET /users/me/events',
      'PATCH /users/me',
      'POST /auth/email/confirm-change',
      'POST /auth/email/undo-change',
      'POST /auth/email/verification',
      'POST /auth/email/verify',
      'POST /auth/mail-code',
      'POST /auth/mail-code/login',
      'POST /auth/password/forgot',
      'POST /auth/password/reset',
      'POST /users/me/email',
      'POST /users/me/password',
      'POST /auth/step-up',
      'GET /users/me/trusted-devices',
      'DELETE /users/me/trusted-devices/{id}',
      'POST /auth/login',
      'POST /auth/second-factor',
      'POST /auth/enrolment/totp',
      'POST /auth/enrolment/totp/confirm',
      'GET /users/me/security',
      'POST /users/me/totp',
      'POST /users/me/totp/confirm',
      'DELETE /users/me/totp',
      'POST /users/me/recovery-codes',
      'POST /auth/logout',
      'POST /auth/refresh',
      'POST /auth/register',
      'POST /login',
      'POST /logout',
      'POST /protected',
      'POST /refresh',
      'POST /register',
      'GET /auth/csrf',
      'POST /auth/passkey/options',
      'POST /auth/passkey',
      'POST /auth/second-factor/passkey-options',
      'POST /auth/enrolment/passkey/options',
      'POST /auth/enrolment/passkey',
      'POST /auth/step-up/passkey-options',
      'POST /users/me/passkeys/options',
      'POST /users/me/passkeys',
      'GET /users/me/passkeys',
      'PATCH /users/me/passkeys/{id}',
      'DELETE /users/me/passkeys/{id}',
      'GET /auth/verify',
      'POST /auth/token',
      'GET /auth/sessions',
      'DELETE /auth/sessions',
      'DELETE /auth/sessions/{id}',
    ].sort(),
  );
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  for (const { summary } of operations) expect(summary).toMatch(/\S/);
  expect(document.components.securitySchemes).toMatchObject({
    bearer: { type: 'http', scheme: 'bearer' },
    basic: { type: 'http', scheme: 'basic' },
  });
});

test('requires no parameters except those in paths, because Swagger UI would not send a request without them', () => {
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  const required = operations.flatMap(({ parameters = [] }) => parameters).filter((parameter) => parameter.required);
  expect([...new Set(required.map((parameter) => `${parameter.in} ${parameter.name}`))]).toEqual(['path id']);
});

test('every route that accepts a cookie documents the errors and the CSRF header of unsafe methods', () => {
  const codes = documentedCodes();
  const bad = ['session_invalid', 'session_expired', 'session_revoked'];
  const routes = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  );
  for (const [route, { security = [], parameters = [] }] of routes) {
    if (!security.some((scheme) => 'cookie' in scheme) || route.endsWith('/logout')) continue;
    const named = parameters.filter(({ name }) => name === 'X-CSRF-Token').length;
    // A verification stands for a request of any method.
    const isSafe = route.startsWith('GET ') && route !== 'GET /auth/verify';
    expect([route, named]).toEqual([route, isSafe ? 0 : 1]);
    const expected = isSafe ? bad : [...bad, 'csrf_failed'];
    expect([...(codes[route] as Set<string>)]).toEqual(expect.arrayContaining(expected));
  }
});

test('documents every error of the contract on the routes where it can occur', () => {
  const codes = documentedCodes();
  const expected = {
    'POST /auth/register': [
      'validation_failed',
      'registration_closed',
      'username_taken',
      'email_taken',
      'password_rejected',
    ],
    'POST /auth/login': ['validation_failed', 'invalid_credentials', 'csrf_failed', 'busy'],
    'POST /auth/email/verify': ['validation_failed', 'code_invalid', 'code_expired'],
    'POST /auth/email/confirm-change': ['code_invalid', 'code_expired', 'email_taken', 'token_missing', 'csrf_failed'],
    'POST /auth/email/undo-change': ['code_invalid', 'code_expired'],
    'POST /auth/mail-code/login': ['code_invalid', 'code_expired', 'not_found', 'csrf_failed'],
    'POST /auth/password/reset': ['code_invalid', 'code_expired', 'password_rejected', 'busy'],
    'POST /users/me/email': ['wrong_password', 'email_taken', 'busy'],
    'POST /auth/refresh': ['refresh_token_invalid', 'refresh_token_expired', 'refresh_token_reused', 'session_revoked'],
    'POST /auth/logout': [
      'token_missing',
      'token_malformed',
      'refresh_token_invalid',
      'session_invalid',
      'csrf_failed',
    ],
    'POST /auth/token': ['token_missing', 'cookie_required', 'session_revoked', 'csrf_failed'],
    'GET /auth/verify': ['token_missing', 'token_revoked', 'session_expired', 'csrf_failed', 'too_many_requests'],
    'POST /auth/passkey': ['passkey_invalid', 'validation_failed', 'not_found', 'csrf_failed'],
    'POST /auth/second-factor/passkey-options': ['mfa_token_invalid', 'not_found'],
    'POST /auth/enrolment/passkey': ['passkey_invalid', 'mfa_token_invalid', 'not_found'],
    'POST /users/me/passkeys': [
      'passkey_invalid',
      'too_many_passkeys',
      'insufficient_user_authentication',
      'not_found',
      'csrf_failed',
    ],
    'DELETE /users/me/passkeys/{id}': ['insufficient_user_authentication', 'not_found', 'csrf_failed'],
    'GET /auth/sessions': ['token_missing', 'session_expired'],
    'DELETE /auth/sessions/{id}': ['session_not_found', 'csrf_failed'],
    'DELETE /auth/sessions': ['validation_failed', 'csrf_failed'],
    'GET /protected': ['token_missing', 'token_malformed', 'token_expired', 'token_revoked'],
    'GET /users/me': ['token_missing', 'token_malformed', 'token_expired', 'token_revoked'],
    'POST /users/me/password': ['validation_failed', 'token_missing', 'wrong_password', 'password_rejected', 'busy'],
    'DELETE /users/me': ['validation_failed', 'token_missing', 'wrong_password', 'busy'],
    'POST /oauth/introspect': ['validation_failed', 'invalid_client'],
    'POST /oauth/revoke': ['validation_failed', 'invalid_client'],
    'GET /health/ready': ['unavailable', 'internal_error'],
  };
  for (const [route, some] of Object.entries(expected)) {
    expect([...(codes[route] as Set<string>)]).toEqual(expect.arrayContaining(some));
  }
});

test('the sample in docs/errors.md is a real response of the server', async () => {
  const page = readFileSync('docs/errors.md', 'utf8');
  const [, body = ''] = /-d '(\{.*?\})'/.exec(page) ?? [];
  const [, sample = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
  const answer = await server.client.post('/auth/register', { body });
  expect({ ...answer.body, request_id: expect.any(String) }).toEqual({
    ...JSON.parse(sample),
    request_id: expect.any(String),
  });
});

test('documents every problem of the code, except those that only the router and the files of the pages use', () => {
  const documented = new Set(Object.values(documentedCodes()).flatMap((codes) => [...codes]));
  const nowhere = Object.keys(messagesIn('en').problems).filter((code) => !documented.has(code));
  expect(nowhere.sort()).toEqual(['method_not_allowed', 'precondition_failed', 'range_not_satisfiable']);
});

test('both message catalogs have the same placeholders', () => {
  const placeholders = (language: 'en' | 'es') =>
    JSON.parse(
      JSON.stringify(messagesIn(language), (_, text) =>
        typeof text === 'string' ? String(text.match(/\{\w+\}/g)) : text,
      ),
    );
  expect(placeholders('es')).toEqual(placeholders('en'));
});

test.each([
  ['username', ['username', 'password']],
  ['email', ['email', 'password']],
  ['username,email', ['username', 'email', 'password']],
])('with REGISTRATION_REQUIRES=%s the document requires %j of a registration', async (value, required) => {
  const other = await TestServer.start({ REGISTRATION_REQUIRES: value });
  try {
    const { body } = await other.client.get<{ components: { schemas: object } }>('/openapi.json');
    expect(body.components.schemas).toMatchObject({ RegisterRequest: { required } });
  } finally {
    await other.stop();
  }
});
