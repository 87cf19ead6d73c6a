import { isPostgres } from './engine.js';

type Declare = (name: string, body: () => Promise<void>, timeout?: number) => void;

/** Declares a test that jest reports as skipped, with the reason in its name. */
const skipped =
  (reason: string): Declare =>
  (name) =>
    test.skip(`${name} (skipped: ${reason})`, () => {});

/** `test` if its requirements are met; otherwise the test is skipped, and `reason` says what is missing. */
export function testWhere(isThere: boolean, reason: string): Declare {
  return isThere ? (test as Declare) : skipped(reason);
}

/** {@link testWhere} for a program that CI must have: there, the test runs and fails without it. */
export function testWithProgram(isThere: boolean, reason: string): Declare {
  return testWhere(isThere || Boolean(process.env.CI), reason);
}

/** A test that needs PostgreSQL: several processes on one database, or broken connections. */
export const testOnPostgres: Declare = testWhere(isPostgres, 'needs PostgreSQL; set TEST_DATABASE_URL');

/** A test that needs the embedded database: its data folder or its single session. */
export const testOnEmbedded: Declare = testWhere(!isPostgres, 'needs the embedded database');

export const describeOnEmbedded = (name: string, body: () => void): void =>
  isPostgres ? describe.skip(`${name} (skipped: needs the embedded database)`, body) : describe(name, body);
