import type { PasskeyOptions } from '../../support/authenticator.js';
import { SoftwareAuthenticator } from '../../support/authenticator.js';
import { PASSWORD } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { claimsOf, ORIGIN } from '../../support/passkeys.js';
import { TestServer } from '../../support/server.js';

afterEach(() => TestServer.stopAll());

const ID = '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001';

describe('with MFA=required', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ MFA: 'required' });
  });
  afterAll(() => server.stop());

  const begin = async (username: string) => {
    await server.client.post('/auth/register', { body: { username, password: PASSWORD } });
    const { body } = await server.client.post<{ mfa_token: string; code: string }>('/auth/login', {
      body: { username, password: PASSWORD },
    });
    expect(body.code).toBe('enrolment_required');
    return body.mfa_token;
  };
  const optionsOf = async (mfa_token: string) =>
    (await server.client.post<PasskeyOptions>('/auth/enrolment/passkey/options', { body: { mfa_token } })).body;

  test('a user without a second factor sets up a passkey during the login [ASVS 6.3.3]', async () => {
    const mfa_token = await begin('ana');
    const device = new SoftwareAuthenticator(ORIGIN);
    const options = await optionsOf(mfa_token);
    const wrong = device.create(options, { origin: 'https://evil.example' });
    const enrol = (credential: object, more = {}) =>
      server.client.post<{ access_token: string; recovery_codes: string[] }>('/auth/enrolment/passkey', {
        body: { mfa_token, credential, ...more },
      });
    expectProblem(await enrol(wrong), 400, 'passkey_invalid');
    expectFaults(await enrol(device.create(options), { name: ' x' }), ['/name', 'passkey_name_invalid']);
    const { status, body } = await enrol(device.create(options), { name: 'Key' });
    expect([status, body.recovery_codes.length]).toEqual([200, 10]);
    expect(claimsOf(body.access_token).amr).toEqual(['pwd', 'hwk', 'user', 'mfa']);
    const token = body.access_token;
    const list = await server.client.get('/users/me/passkeys', { token });
    expect(list.body).toMatchObject({ passkeys: [{ name: 'Key' }] });
    expectProblem(await enrol(device.create(options)), 401, 'mfa_token_invalid');
  });

  test('the challenge of one login does not work in another', async () => {
    const [first, second] = [await begin('eva'), await begin('eva')];
    const device = new SoftwareAuthenticator(ORIGIN);
    const credential = device.create(await optionsOf(first));
    const answer = await server.client.post('/auth/enrolment/passkey', { body: { mfa_token: second, credential } });
    expectProblem(answer, 400, 'passkey_invalid');
  });

  test('a login that began before the user had a second factor adds no passkey', async () => {
    const [first, second] = [await begin('luz'), await begin('luz')];
    const enrol = async (mfa_token: string) => {
      const credential = new SoftwareAuthenticator(ORIGIN).create(await optionsOf(mfa_token));
      return await server.client.post('/auth/enrolment/passkey', { body: { mfa_token, credential } });
    };
    expect((await enrol(first)).status).toBe(200);
    expectProblem(await enrol(second), 401, 'mfa_token_invalid');
  });
});

test('with MFA=off, every route of passkeys is 404, also with a malformed body', async () => {
  const server = await TestServer.start({ MFA: 'off' });
  const { access_token: token } = await server.client.signUp('ana');
  const routes: [string, string][] = [
    ['POST', '/auth/passkey/options'],
    ['POST', '/auth/passkey'],
    ['POST', '/auth/second-factor/passkey-options'],
    ['POST', '/auth/step-up/passkey-options'],
    ['POST', '/auth/enrolment/passkey/options'],
    ['POST', '/auth/enrolment/passkey'],
    ['POST', '/users/me/passkeys/options'],
    ['POST', '/users/me/passkeys'],
    ['GET', '/users/me/passkeys'],
    ['PATCH', `/users/me/passkeys/${ID}`],
    ['DELETE', `/users/me/passkeys/${ID}`],
  ];
  for (const [method, path] of routes) {
    const answer = await server.client.call(method, path, { token, ...(method === 'GET' ? {} : { body: { x: 1 } }) });
    expectProblem(answer, 404, 'not_found');
  }
  await server.stop();
});
