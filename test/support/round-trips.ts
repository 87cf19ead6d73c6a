import pg from 'pg';

/**
 * What instances do by themselves: they read revocations and signing keys, deliver what is in the outbox, and check that the
 * database responds.
 */
const BESIDE = /pg_snapshot_xmin|FROM signing_keys|^SELECT 1$|^UPDATE outbox /;

/**
 * The statements that this process sends to a database during some work, on any connection. `pg` sends each of them, with its
 * parameters, in one message and waits for the answer: one round trip.
 */
export async function roundTripsDuring(work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = [];
  const { query: usual } = pg.Client.prototype;
  pg.Client.prototype.query = function (this: pg.Client, first: string | { text: string }, ...rest: unknown[]) {
    statements.push(typeof first === 'string' ? first : first.text);
    return Reflect.apply(usual, this, [first, ...rest]);
  } as typeof usual;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = usual;
  }
  return statements.map((sql) => sql.replaceAll(/\s+/g, ' ').trim()).filter((sql) => !BESIDE.test(sql));
}
