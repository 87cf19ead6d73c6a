import { jest } from '@jest/globals';
import { PasswordHasher } from '../../../src/passwords/password-hasher.js';
import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** The limit on failed logins by address. */
let server: TestServer;
afterEach(async () => {
  jest.restoreAllMocks();
  await server?.stop();
});

const start = async (settings: Record<string, string>) => {
  server = await TestServer.start({ RATE_LIMIT: 'on', ...settings });
};
const logIn = (username: string) => server.client.post('/auth/login', { body: { username, password: PASSWORD } });

test('counts failed logins per address, and successful ones do not count', async () => {
  await start({ LIMIT_FAILED_LOGINS: '6/1h', LIMIT_LOGINS: '1000/1m' });
  await server.client.signUp('ana');
  for (let n = 0; n < 10; n++) expect((await logIn('ana')).status).toBe(200);
  for (let n = 0; n < 6; n++) expectProblem(await logIn(`user${n}`), 401, 'invalid_credentials');
  const refused = await logIn('ana');
  expectProblem(refused, 429, 'too_many_requests');
  expect(refused.headers.get('ratelimit-policy')).toBe('"failed_logins";q=6;w=3600');
});

test('160 concurrent valid logins from one address all succeed, and so does the next [attack: lock-out by success]', async () => {
  await start({ LIMIT_LOGINS: '100000/1m', LIMIT_FAILED_LOGINS: '20/15m', HASH_QUEUE_TIMEOUT: '1m' });
  await server.client.signUp('ana');
  const answers = await Promise.all(Array.from({ length: 160 }, () => logIn('ana')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await logIn('ana')).status).toBe(200);
});

test('checks at most 100 of 300 concurrent wrong logins from one address [attack: lockout race]', async () => {
  await start({ LIMIT_LOGINS: '100000/1m', HASH_QUEUE_TIMEOUT: '1m' });
  const verify = jest.spyOn(server.get(PasswordHasher), 'verify');
  const answers = await Promise.all(Array.from({ length: 300 }, (_, n) => logIn(`nobody${n}`)));
  const statuses = answers.map(({ status }) => status);
  expect(verify.mock.calls.length).toBe(100);
  expect([401, 429].map((status) => statuses.filter((one) => one === status).length)).toEqual([100, 200]);
});

test('accepts valid logins concurrent with wrong ones while the limit is not reached', async () => {
  await start({ LIMIT_LOGINS: '100000/1m', LIMIT_FAILED_LOGINS: '20/1h', HASH_QUEUE_TIMEOUT: '1m' });
  await server.client.signUp('ana');
  const both = Array.from({ length: 19 }, (_, n) => [logIn(`nobody${n}`), logIn('ana'), logIn('ana')]).flat();
  const statuses = (await Promise.all(both)).map(({ status }) => status);
  expect([200, 401].map((status) => statuses.filter((one) => one === status).length)).toEqual([38, 19]);
});
