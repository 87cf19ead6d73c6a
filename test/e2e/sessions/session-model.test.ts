import fc from 'fast-check';
import { TestServer } from '../../support/server.js';
import { SessionDriver } from '../../support/session-driver.js';
import { type Lifetimes, SessionModel, type Step } from '../../support/session-model.js';

/**
 * Runs random histories of one user's sessions on the server over HTTP and on a plain model: each step has the same result.
 * SESSION_HISTORIES says how many (200), SESSION_SEED which. A failure prints the shortest history, with its seed.
 */
const HISTORIES = Number(process.env.SESSION_HISTORIES ?? 200);
const SEED = process.env.SESSION_SEED;
const MS_PER_HISTORY = 2000;

const SETTINGS = {
  ACCESS_TOKEN_TTL: '60s',
  REFRESH_TOKEN_TTL: '10m',
  SESSION_TTL: '25m',
  REFRESH_GRACE: '45s',
  // Each history moves the clock by hours.
  KEY_ROTATION: '3650d',
  RATE_LIMIT: 'off',
};
const LIFETIMES: Lifetimes = {
  accessTokenTtl: 60_000,
  refreshTokenTtl: 600_000,
  sessionTtl: 1_500_000,
  refreshGrace: 45_000,
};

let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start(SETTINGS);
  server.clock.stop();
});
afterAll(() => server.stop());

const index = fc.nat({ max: 3 });
const step = <const Name extends Step['do']>(name: Name) => fc.constant(name);

/** Moves the clock to an expiry time, or to a millisecond before or after it. */
const advance = fc
  .tuple(fc.constantFrom(0, ...Object.values(LIFETIMES)), fc.constantFrom(-1000, -1, 0, 1, 999, 4000))
  .map(([lifetime, offset]): Step => ({ do: 'advance', ms: Math.max(1, lifetime + offset) }));

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: fc.record({ do: step('login') }) },
  { weight: 80, arbitrary: fc.record({ do: step('refresh'), session: index, back: fc.nat({ max: 3 }) }) },
  { weight: 60, arbitrary: fc.record({ do: step('protected'), session: index, token: index }) },
  {
    weight: 15,
    arbitrary: fc.record({
      do: step('logout'),
      session: index,
      by: fc.constantFrom('access', 'refresh'),
      token: index,
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: step('changePassword'), session: index, token: index }) },
  { weight: 8, arbitrary: fc.record({ do: step('endAll'), session: index, token: index, keep: fc.boolean() }) },
  { weight: 8, arbitrary: fc.record({ do: step('endOne'), session: index, token: index, other: index }) },
  { weight: 15, arbitrary: fc.record({ do: step('list'), session: index, token: index }) },
  { weight: 60, arbitrary: advance },
  { weight: 6, arbitrary: fc.record({ do: step('restart') }) },
);

/** Each history starts with a login, because rejected steps prove nothing, and ends with a check of each session. */
const LOGIN: Step[] = [{ do: 'login' }];
const AUDIT: Step[] = [0, 1, 2, 3].map((session) => ({ do: 'protected', session, token: 0 }));

test(
  'the server gives the same result as the model for any sequence of session operations',
  async () => {
    const history = fc.array(steps, { minLength: 1, maxLength: 25, size: 'max' });
    const property = fc.asyncProperty(history, async (todo) => {
      const model = new SessionModel(LIFETIMES, () => server.clock.now());
      const driver = new SessionDriver(server, model, `user-${++user}`);
      await driver.register();
      for (const [at, one] of [...LOGIN, ...todo, ...AUDIT].entries()) {
        const seen = await driver.step(one);
        if (seen) expect({ at, step: one, verdict: seen.actual }).toEqual({ at, step: one, verdict: seen.expected });
      }
    });
    await fc.assert(property, {
      numRuns: HISTORIES,
      ...(SEED === undefined ? {} : { seed: Number(SEED) }),
    });
  },
  60_000 + HISTORIES * MS_PER_HISTORY,
);
