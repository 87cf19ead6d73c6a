import { isPostgres } from './engine.js';

type Declare = (name: string, body: () => Promise<void>, timeout?: number) => void;
const nothing = () => {};

/** A test of what only PostgreSQL can show: several processes on one database, connections that are cut. */
export const testOnPostgres: Declare = isPostgres ? (test as Declare) : nothing;

/** A test of what only the embedded database has: the data folder and the one session. */
export const testOnEmbedded: Declare = isPostgres ? nothing : (test as Declare);
export const describeOnEmbedded: (name: string, body: () => void) => void = isPostgres ? nothing : describe;

/** `test` where what it needs is there. Where it is missing, a test of the same name says aloud that it did not run. */
export function testWhere(isThere: boolean, missing: string): Declare {
  if (isThere) return test as Declare;
  return (name) =>
    test(`SKIPPED, ${missing}: ${name}`, () => {
      console.warn(`${missing}: not tested: ${name}`);
    });
}
