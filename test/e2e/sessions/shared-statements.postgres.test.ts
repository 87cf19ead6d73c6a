import pg from 'pg';
import type { Answer, Tokens } from '../../support/client.js';
import { createDatabase, isPostgres, type TestDatabase } from '../../support/engine.js';
import { until } from '../../support/instances.js';
import { expectProblem } from '../../support/matchers.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { ServerProcess } from '../../support/process.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

/** Concurrent refreshes and logouts share statements. One that fails, waits or is slow must not affect the others. */
let database: TestDatabase;
let proxy: TcpProxy;
let server: ServerProcess;
let sql: pg.Client;
let users = 0;
beforeAll(async () => {
  if (!isPostgres) return;
  database = await createDatabase();
  const url = database.env.DATABASE_URL as string;
  proxy = await TcpProxy.start(url);
  const settings = { RATE_LIMIT: 'off', BCRYPT_COST: '4', DATABASE_URL: proxy.url };
  server = await ServerProcess.start({ ...database.env, ...settings });
  for (let user = 0; user < USERS; user++) await server.client.signUp(`user-${user}`);
  sql = new pg.Client({ connectionString: url });
  await sql.connect();
  // This connection fires no triggers.
  await sql.query('SET session_replication_role = replica');
  await sql.query(`
    CREATE FUNCTION misbehave() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.user_agent = 'poisoned' THEN RAISE 'poisoned'; END IF;
      IF NEW.user_agent = 'slow' THEN PERFORM pg_sleep(60); END IF;
      RETURN NEW;
    END $$`);
  await sql.query('CREATE TRIGGER misbehave BEFORE UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION misbehave()');
});
afterAll(async () => {
  if (!isPostgres) return;
  await ServerProcess.killAll();
  await sql.end();
  await proxy.stop();
  await database.drop();
});

const COUNT = 40;
const USERS = 15;
interface Operation {
  name: string;
  status: number;
  run: (tokens: Tokens) => Promise<Answer<unknown>>;
}
const OPERATIONS: Operation[] = [
  { name: 'refreshes', status: 200, run: ({ refresh_token }) => server.client.refresh(refresh_token) },
  {
    name: 'logouts',
    status: 204,
    run: ({ refresh_token }) => server.client.post('/auth/logout', { body: { refresh_token } }),
  },
];

/** The sessions of a user who is not used by another test. */
async function sessions(): Promise<Tokens[]> {
  const username = `user-${users++}`;
  const all: Tokens[] = [];
  while (all.length < COUNT) all.push(await server.client.logIn(username));
  return all;
}

const idOf = ({ access_token }: Tokens): string =>
  JSON.parse(Buffer.from(access_token.split('.')[1] as string, 'base64url').toString()).sid;

/** Runs all at once, the odd one in the middle. */
function all({ run }: Operation, tokens: Tokens[], odd: Tokens) {
  const others = tokens.filter((one) => one !== odd);
  const first = others.slice(0, COUNT / 2).map(run);
  const answer = run(odd);
  const rest = others.slice(COUNT / 2).map(run);
  return { answer, others: Promise.all([...first, ...rest]).then(statuses) };
}

const statuses = (answers: Answer<unknown>[]) => [...new Set(answers.map(({ status }) => status))];

async function mark(tokens: Tokens, userAgent: 'poisoned' | 'slow'): Promise<void> {
  await sql.query('UPDATE sessions SET user_agent = $2 WHERE id = $1', [idOf(tokens), userAgent]);
}

/** One test for both operations at the same time. */
const forBoth = (title: string, body: (operation: Operation, tokens: Tokens[]) => Promise<void>) => {
  const run = async () => {
    const prepared: [Operation, Tokens[]][] = [];
    for (const operation of OPERATIONS) prepared.push([operation, await sessions()]);
    await Promise.all(prepared.map(([operation, tokens]) => body(operation, tokens)));
  };
  testOnPostgres(`refreshes and logouts: ${title}`, run, 60_000);
};

forBoth('a row that makes the shared statement fail only fails its own request', async (operation, tokens) => {
  const odd = tokens[3] as Tokens;
  await mark(odd, 'poisoned');
  const { others, answer } = all(operation, tokens, odd);
  expect(await others).toEqual([operation.status]);
  expectProblem((await answer) as Answer, 500, 'internal_error');
});

forBoth(
  'a row that exceeds the time limit of the shared statement only fails its own request',
  async (operation, tokens) => {
    const odd = tokens[3] as Tokens;
    await mark(odd, 'slow');
    const began = performance.now();
    const { others, answer } = all(operation, tokens, odd);
    expect(await others).toEqual([operation.status]);
    expect(performance.now() - began).toBeLessThan(8000);
    expectProblem((await answer) as Answer, 503, 'unavailable');
  },
);

forBoth('a session that another transaction has locked only delays its own request', async (operation, tokens) => {
  const odd = tokens[3] as Tokens;
  const other = new pg.Client({ connectionString: database.env.DATABASE_URL });
  await other.connect();
  await other.query('BEGIN');
  await other.query('SELECT 1 FROM sessions WHERE id = $1 FOR UPDATE', [idOf(odd)]);
  const { others, answer } = all(operation, tokens, odd);
  const waiting = `SELECT DISTINCT application_name AS name FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  const names = async () => (await sql.query(waiting)).rows.map(({ name }) => name).join();
  const seen = await until('portero', async () => (await names()) || 'nobody', 5000);
  // A shared statement that waits would be the first one seen, until its time limit of 2 s.
  expect(seen).toBeLessThan(1900);
  expect(await others).toEqual([operation.status]);
  await other.query('COMMIT');
  await other.end();
  expect((await answer).status).toBe(operation.status);
});

const stall = 'all get 503 with Retry-After while the database stalls, and nothing is lost';
testOnPostgres(`refreshes and logouts: ${stall}`, async () => {
  const [toRefresh, toEnd] = [await sessions(), await sessions()];
  const [refreshes, logouts] = OPERATIONS as [Operation, Operation];
  const runAll = () => Promise.all([...toRefresh.map(refreshes.run), ...toEnd.map(logouts.run)]);
  proxy.silence();
  const began = performance.now();
  const answers = await runAll();
  // The time limit of a statement, and some time to answer.
  expect(performance.now() - began).toBeLessThan(12_000);
  for (const answer of answers) {
    expectProblem(answer as Answer, 503, 'unavailable');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  proxy.resume();
  await until('200', async () => String((await server.client.get('/health/ready')).status), 10_000);
  expect(statuses(await runAll())).toEqual([200, 204]);
});

testOnPostgres(
  'the same refresh token many times in one statement rotates once, and all get its successor',
  async () => {
    const [tokens, ...rest] = (await sessions()) as [Tokens, ...Tokens[]];
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: COUNT }, () => server.client.refresh(tokens.refresh_token))),
      ...rest.map(({ refresh_token }) => server.client.refresh(refresh_token)),
    ]);
    expect(statuses(answers)).toEqual([200]);
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
    const { rows } = await sql.query('SELECT generation FROM sessions WHERE id = $1', [idOf(tokens)]);
    expect(rows).toEqual([{ generation: 2 }]);
  },
);

testOnPostgres('many refreshes or logouts at once take far fewer transactions than requests', async () => {
  const many = [...(await sessions()), ...(await sessions()), ...(await sessions())];
  const written = 'SELECT count(DISTINCT xmin::text)::int AS transactions FROM sessions WHERE id = ANY ($1)';
  for (const { run, status } of OPERATIONS) {
    // Opens the connection.
    await run(many.pop() as Tokens);
    // The first statement is not answered until all requests have arrived.
    proxy.silence();
    const answers = many.map(run);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    proxy.resume();
    expect(statuses(await Promise.all(answers))).toEqual([status]);
    const { rows } = await sql.query(written, [many.map(idOf)]);
    expect(rows[0].transactions).toBeLessThan(many.length / 4);
  }
});
