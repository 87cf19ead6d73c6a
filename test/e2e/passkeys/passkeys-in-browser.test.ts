import type { Browser, CDPSession, Page } from 'playwright-core';
import type { PasskeyOptions } from '../../support/authenticator.js';
import { launchChromium, openTab, testInChromium } from '../../support/chromium.js';
import { type Answer, PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { claimsOf, ORIGIN } from '../../support/passkeys.js';
import { TestServer } from '../../support/server.js';

/** A real browser with its virtual authenticator. The test sends to the server what the browser's own `toJSON()` returns. */
let browser: Browser | undefined;
let server: TestServer;
let page: Page;
let cdp: CDPSession;
let authenticatorId: string;

beforeAll(async () => {
  browser = await launchChromium();
  server = await TestServer.start();
});
afterAll(async () => {
  await browser?.close();
  await server.stop();
});

/** Opens a page of an origin, with a new authenticator. */
async function open(origin: string): Promise<void> {
  ({ page } = await openTab(browser));
  await page.route('**/*', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>App</title>' }),
  );
  await page.goto(origin);
  cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  ({ authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  }));
}

/** Runs `navigator.credentials` in the page. @returns the credential, or the name of the error */
async function inPage(kind: 'create' | 'get', options: PasskeyOptions): Promise<object | string> {
  return await page.evaluate(
    `(async () => {
      const parse = { create: 'parseCreationOptionsFromJSON', get: 'parseRequestOptionsFromJSON' }['${kind}'];
      const publicKey = PublicKeyCredential[parse](${JSON.stringify(options)});
      try {
        return (await navigator.credentials['${kind}']({ publicKey })).toJSON();
      } catch (error) {
        return error.name;
      }
    })()`,
  );
}

const optionsOf = async (path: string, options: object = {}) =>
  (await server.client.post<PasskeyOptions>(path, options)).body;

async function addPasskey(username: string): Promise<{ token: string; answer: Answer<{ id: string }> }> {
  const { access_token: token } = await server.client.signUp(username);
  const credential = await inPage('create', await optionsOf('/users/me/passkeys/options', { token }));
  return { token, answer: await server.client.post('/users/me/passkeys', { token, body: { credential } }) };
}

async function signIn(): Promise<Answer<{ access_token: string }>> {
  const credential = await inPage('get', await optionsOf('/auth/passkey/options'));
  return await server.client.post('/auth/passkey', { body: { credential } });
}

async function setCounter(signCount: number): Promise<void> {
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
  for (const credential of credentials) {
    await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId: credential.credentialId });
    await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credential, signCount } });
  }
}

testInChromium('a browser adds a passkey, and signs in with it without a username', async () => {
  await open(ORIGIN);
  const { token, answer } = await addPasskey('ana');
  expect(answer.status).toBe(201);
  const { status, body } = await signIn();
  expect([status, claimsOf(body.access_token).sub]).toEqual([200, claimsOf(token).sub]);
  expect(claimsOf(body.access_token).amr).toEqual([expect.stringMatching(/^[hs]wk$/), 'user', 'mfa']);
});

testInChromium('a passkey of a browser is a second factor, and steps a session up', async () => {
  await open(ORIGIN);
  const { token } = await addPasskey('eva');
  const login = await server.client.post<{ mfa_token: string }>('/auth/login', {
    body: { username: 'eva', password: PASSWORD },
  });
  const { mfa_token } = login.body;
  const options = await optionsOf('/auth/second-factor/passkey-options', { body: { mfa_token } });
  const passkey = await inPage('get', options);
  expect((await server.client.post('/auth/second-factor', { body: { mfa_token, passkey } })).status).toBe(200);
  const evidence = await inPage('get', await optionsOf('/auth/step-up/passkey-options', { token }));
  expect((await server.client.post('/auth/step-up', { token, body: { passkey: evidence } })).status).toBe(200);
});

testInChromium('an authenticator makes no second passkey for the same user', async () => {
  await open(ORIGIN);
  const { token } = await addPasskey('luz');
  const { access_token: fresh } = (await signIn()).body;
  expect(claimsOf(fresh).sub).toBe(claimsOf(token).sub);
  expect(await inPage('create', await optionsOf('/users/me/passkeys/options', { token: fresh }))).toBe(
    'InvalidStateError',
  );
});

testInChromium('a passkey whose counter was set back is refused [attack: cloned passkey]', async () => {
  await open(ORIGIN);
  await addPasskey('mar');
  expect((await signIn()).status).toBe(200);
  await setCounter(0);
  expectProblem(await signIn(), 401, 'passkey_invalid');
  await setCounter(100);
  expect((await signIn()).status).toBe(200);
});

testInChromium('a passkey of a page of another origin is refused', async () => {
  await open('http://localhost:4000');
  const { access_token: token } = await server.client.signUp('sol');
  const options = await optionsOf('/users/me/passkeys/options', { token });
  const credential = await inPage('create', options);
  expect(credential).toEqual(expect.objectContaining({ type: 'public-key' }));
  const answer = await server.client.post('/users/me/passkeys', { token, body: { credential } });
  expectProblem(answer, 400, 'passkey_invalid');
  // Outside the RP ID, the browser makes none.
  await open('http://evil.localhost:3000');
  expect(await inPage('create', options)).toBe('SecurityError');
});

testInChromium('a passkey for another RP ID is refused', async () => {
  await open('http://app.localhost:3000');
  const { access_token: token } = await server.client.signUp('rio');
  const options = await optionsOf('/users/me/passkeys/options', { token });
  const credential = await inPage('create', { ...options, rp: { ...options.rp, id: 'app.localhost' } });
  expect(credential).toEqual(expect.objectContaining({ type: 'public-key' }));
  const answer = await server.client.post('/users/me/passkeys', { token, body: { credential } });
  expectProblem(answer, 400, 'passkey_invalid');
});

testInChromium('a passkey is refused if the browser did not verify the user', async () => {
  await open(ORIGIN);
  await addPasskey('paz');
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
  const options = await optionsOf('/auth/passkey/options');
  expect(await inPage('get', options)).toBe('NotAllowedError');
  // A page can ask for less than the service does.
  const credential = await inPage('get', { ...options, userVerification: 'discouraged' } as PasskeyOptions);
  expect(credential).toEqual(expect.objectContaining({ type: 'public-key' }));
  expectProblem(await server.client.post('/auth/passkey', { body: { credential } }), 401, 'passkey_invalid');
});
