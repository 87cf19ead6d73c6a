import { type PasskeyOptions, SoftwareAuthenticator } from '../../support/authenticator.js';
import { isPostgres } from '../../support/engine.js';
import { TwoInstances } from '../../support/instances.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { ORIGIN } from '../../support/passkeys.js';

/** Passkeys on two servers with one database. */
let instances: TwoInstances;
beforeAll(async () => {
  if (isPostgres) instances = await TwoInstances.start();
});
afterAll(() => instances?.stop());

const REQUESTS = 16;
const instance = (turn: number) => (turn % 2 === 0 ? instances.a : instances.b).client;

/** Sends 16 requests at once, half of them to each instance. @returns how often each status occurred */
async function atOnce(path: string, body: object, token?: string): Promise<Record<string, number>> {
  const calls = Array.from({ length: REQUESTS }, (_, turn) =>
    instance(turn).post(path, { body, ...(token === undefined ? {} : { token }) }),
  );
  const counts: Record<string, number> = {};
  for (const { status } of await Promise.all(calls)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

testOnPostgres('of 16 requests at once with one response, eight per instance, one succeeds [ASVS 6.7.2]', async () => {
  const { access_token: token } = await instances.signUp();
  const device = new SoftwareAuthenticator(ORIGIN);
  const options = await instance(0).post<PasskeyOptions>('/users/me/passkeys/options', { token });
  const created = { credential: device.create(options.body) };
  // After the first, the session lacks the second factor that the user now has.
  expect(await atOnce('/users/me/passkeys', created, token)).toEqual({ 201: 1, 401: REQUESTS - 1 });
  for (let round = 0; round < 3; round++) {
    // A challenge of one instance works on the other.
    const { body } = await instance(round).post<PasskeyOptions>('/auth/passkey/options');
    const credential = device.get(body);
    expect(await atOnce('/auth/passkey', { credential })).toEqual({ 200: 1, 401: REQUESTS - 1 });
  }
  const { rows } = await instances.sql.query('SELECT count(*)::int AS count FROM used_challenges');
  expect(rows).toEqual([{ count: 4 }]);
});

testOnPostgres('of 24 new passkeys at once, 20 are added', async () => {
  const { access_token: token } = await instances.signUp();
  const add = async (turn: number) => {
    const { body } = await instance(turn).post<PasskeyOptions>('/users/me/passkeys/options', { token });
    return { turn, credential: new SoftwareAuthenticator(ORIGIN).create(body) };
  };
  const credentials = await Promise.all(Array.from({ length: 24 }, (_, turn) => add(turn)));
  const answers = await Promise.all(
    credentials.map(({ turn, credential }) =>
      instance(turn).post('/users/me/passkeys', { token, body: { credential } }),
    ),
  );
  const statuses = answers.map(({ status }) => status);
  // After the first one, the session lacks the second factor. The others were checked before.
  expect(statuses.filter((status) => status === 201).length).toBeLessThanOrEqual(20);
  expect(statuses.filter((status) => ![201, 401, 409].includes(status))).toEqual([]);
});
