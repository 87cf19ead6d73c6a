import { DataSource } from 'typeorm';
import { type Client, PASSWORD } from '../../support/client.js';
import { TwoInstances } from '../../support/instances.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { firstStep, secondStep, setUpTotp, signUpWithTotp, type Waiting } from '../../support/second-factors.js';
import { TestServer } from '../../support/server.js';

/** Requests at the same time. */
const RACERS = 16;

/** Begins 16 logins of a user, and completes all of them at once with the same evidence. @returns the results, sorted */
async function race(clients: readonly Client[], username: string, evidence: object): Promise<string[]> {
  const waiting: Waiting[] = [];
  for (let n = 0; n < RACERS; n++) waiting.push(await firstStep(clients[0] as Client, username));
  const answers = await Promise.all(
    waiting.map(({ mfa_token }, n) => secondStep(clients[n % clients.length] as Client, mfa_token, evidence)),
  );
  return answers.map(({ status, body }) => body.code ?? String(status)).sort();
}
const ONE_SUCCESS = ['200', ...Array.from({ length: RACERS - 1 }, () => 'second_factor_invalid')];

test('of 16 logins at once with the same code, or the same recovery code, one succeeds [ASVS 6.5.1]', async () => {
  const server = await TestServer.start();
  try {
    const user = await signUpWithTotp(server.client, 'ana', server.clock.now());
    server.clock.stop();
    const code = user.app.code(server.clock.now());
    expect(await race([server.client], 'ana', { totp: code })).toEqual(ONE_SUCCESS);
    expect(await race([server.client], 'ana', { recovery_code: user.recoveryCodes[0] })).toEqual(ONE_SUCCESS);
    // All codes at once: the number of those left is right in each event.
    const waiting: Waiting[] = [];
    for (let n = 0; n < 9; n++) waiting.push(await firstStep(server.client, 'ana'));
    const answers = await Promise.all(
      waiting.map(({ mfa_token }, n) =>
        secondStep(server.client, mfa_token, { recovery_code: user.recoveryCodes[n + 1] }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 9 }, () => 200));
    const events: { left: number }[] = await server
      .get(DataSource)
      .query(`SELECT (details->>'left')::int AS left FROM audit_events WHERE type = 'recovery_code.used' ORDER BY 1`);
    expect(events.map(({ left }) => left)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  } finally {
    await server.stop();
  }
});

test('of 16 requests at once with one mfa_token and different recovery codes, one starts a session', async () => {
  const server = await TestServer.start();
  try {
    const { recoveryCodes } = await signUpWithTotp(server.client, 'ana', server.clock.now());
    const { mfa_token } = await firstStep(server.client, 'ana');
    const answers = await Promise.all(
      recoveryCodes.map((code) => secondStep(server.client, mfa_token, { recovery_code: code })),
    );
    const codes = answers.map(({ status, body }) => body.code ?? String(status));
    expect(codes.filter((code) => code === '200')).toHaveLength(1);
    expect(codes.filter((code) => code === 'mfa_token_invalid')).toHaveLength(9);
  } finally {
    await server.stop();
  }
});

testOnPostgres('on two instances, of 16 logins at once with the same code one succeeds [ASVS 6.5.1]', async () => {
  const instances = await TwoInstances.start();
  try {
    const clients = [instances.a.client, instances.b.client];
    const user = await signUpWithTotp(instances.a.client, 'ana', Date.now());
    expect(await race(clients, 'ana', { totp: user.app.code(Date.now()) })).toEqual(ONE_SUCCESS);
    expect(await race(clients, 'ana', { recovery_code: user.recoveryCodes[0] })).toEqual(ONE_SUCCESS);
  } finally {
    await instances.stop();
  }
});

testOnPostgres(
  'no login with only the password succeeds once the response about a new factor has arrived',
  async () => {
    const instances = await TwoInstances.start();
    try {
      for (let round = 0; round < 10; round++) {
        const username = `user-${round}`;
        const { access_token: token } = await instances.a.client.signUp(username);
        let isAdded = false;
        const late: number[] = [];
        const logIn = async () => {
          while (!isAdded) await instances.b.client.post('/auth/login', { body: { username, password: PASSWORD } });
          const { status } = await instances.b.client.post('/auth/login', { body: { username, password: PASSWORD } });
          late.push(status);
        };
        const logins = Promise.all([logIn(), logIn(), logIn()]);
        await setUpTotp(instances.a.client, token, Date.now());
        isAdded = true;
        await logins;
        expect(late).toEqual([403, 403, 403]);
      }
    } finally {
      await instances.stop();
    }
  },
);
