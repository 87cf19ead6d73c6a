import { execFileSync } from 'node:child_process';
import { assert, asyncProperty } from 'fast-check';
import { PASSWORD } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/engine.js';
import { KNOWN_LONG_HEADERS, type LongHeader, longHeaders, longValue } from '../../support/fuzz/headers.js';
import { Judge } from '../../support/fuzz/judge.js';
import { type ApiDocument, fuzzRequests, OTHER_USERNAME } from '../../support/fuzz/requests.js';
import { Sender } from '../../support/fuzz/sender.js';
import { ServerProcess } from '../../support/process.js';
import { sendRaw } from '../../support/raw-http.js';

/**
 * Requests made from the server's own OpenAPI document (ASVS 1.2.4, 2.2.1, 16.5.1, 16.5.4). The whole run:
 *
 *     FUZZ_REQUESTS=20000 npm test -- test/e2e/http/fuzz
 *
 * FUZZ_SEED repeats a run.
 */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 1500);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
/** Long lifetimes so that sessions outlast the run, and no rate limits, which would reject most requests. */
const SETTINGS = { ACCESS_TOKEN_TTL: '1d', RATE_LIMIT: 'off' };
const VICTIM_PASSWORD = 'the victim keeps this to herself';

let database: TestDatabase;
let server: ServerProcess;
beforeAll(async () => {
  database = await createDatabase();
  server = await ServerProcess.start({ ...database.env, ...SETTINGS });
});
afterAll(async () => {
  await ServerProcess.killAll();
  await database.drop();
});

const residentMegabytes = () =>
  Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(server.child.pid)])) / 1024);

/** Statistics of the run, printed for the reader. */
class Report {
  readonly times: number[] = [];
  readonly statuses: Record<number, number> = {};
  readonly succeeded = new Set<string>();
  readonly memory: number[] = [];

  add(operation: string, status: number, milliseconds: number): void {
    if (this.times.length % Math.ceil(REQUESTS / 10) === 0) this.memory.push(residentMegabytes());
    this.times.push(milliseconds);
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (status < 300) this.succeeded.add(operation);
  }

  print(operations: string[]): void {
    const sorted = this.times.toSorted((a, b) => a - b);
    const quantile = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] as number).toFixed(1);
    const never = operations.filter((operation) => !this.succeeded.has(operation));
    process.stdout.write(`fuzz: seed ${SEED}, ${sorted.length} requests, by status ${JSON.stringify(this.statuses)}
fuzz: ms at the median ${quantile(0.5)}, 99 % ${quantile(0.99)}, the slowest ${quantile(1)}
fuzz: resident MB ${[...this.memory, residentMegabytes()].join(' ')}
fuzz: operations that never succeeded: ${never.join(', ') || 'none'}\n`);
  }
}

test(
  `no request of ${REQUESTS} (seed ${SEED}) makes the server fail, reveal internals or change the data of another user [ASVS 2.2.1, 16.5.1, 16.5.4]`,
  async () => {
    const document = (await server.client.get<ApiDocument>('/openapi.json')).body;
    const victim = await server.client.signUp(OTHER_USERNAME, VICTIM_PASSWORD);
    const before = await server.client.get('/users/me', { token: victim.access_token });
    const judge = new Judge(document, [PASSWORD, VICTIM_PASSWORD, victim.access_token, victim.refresh_token]);
    const sender = new Sender(server.client);
    const report = new Report();
    await assert(
      asyncProperty(fuzzRequests(document), async (request) => {
        const answer = await sender.send(request);
        report.add(request.operation, answer.status, answer.milliseconds);
        const faults = judge.faults(request, answer);
        if (faults.length > 0) throw new Error(`${faults.join('; ')}: ${answer.status} ${answer.text.slice(0, 500)}`);
      }),
      { numRuns: REQUESTS, seed: SEED },
    );
    sender.close();
    report.print(
      Object.entries(document.paths).flatMap(([path, item]) =>
        Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
      ),
    );
    expect(report.statuses).toMatchObject({
      200: expect.any(Number),
      400: expect.any(Number),
      401: expect.any(Number),
    });
    const after = await server.client.get('/users/me', { token: victim.access_token });
    expect([after.status, after.body]).toEqual([200, before.body]);
    expect((await server.client.refresh(victim.refresh_token)).status).toBe(200);
    // No hidden failure in the log, and no line contains texts that responses must not contain.
    expect(server.stdout).not.toMatch(/"level":"(error|fatal)"/);
    for (const secret of [PASSWORD, VICTIM_PASSWORD, victim.access_token]) expect(server.stdout).not.toContain(secret);
    expect(server.stderr).toBe('');
  },
  60_000 + REQUESTS * 60,
);

/** With more than this, a few clients could make all others wait. */
const MOST_LOOP_MILLISECONDS = 20;

/** The minimum of several tries, which excludes compilation, garbage collection and other programs' work. */
async function loopMilliseconds(header: LongHeader): Promise<{ status: number; least: number }> {
  const { method, target, name } = header;
  let least = Number.POSITIVE_INFINITY;
  let status = 0;
  for (let tries = 0; tries < 8 && least > MOST_LOOP_MILLISECONDS; tries++) {
    const before = server.loopMilliseconds();
    const body = method === 'POST' ? 'Content-Length: 2\r\n\r\n{}' : '\r\n';
    const host = name === 'Host' ? '' : 'Host: localhost\r\n';
    const type = method === 'POST' && name !== 'Content-Type' ? 'Content-Type: application/json\r\n' : '';
    const head = `${method} ${target} HTTP/1.1\r\n${host}${type}${name}: ${longValue(header)}\r\nConnection: close\r\n`;
    ({ status } = await sendRaw(server.client.url, head + body));
    least = Math.min(least, server.loopMilliseconds() - before);
  }
  return { status, least };
}

test(
  `no header up to the limit occupies the event loop for over ${MOST_LOOP_MILLISECONDS} ms or makes the server fail (seed ${SEED})`,
  async () => {
    let slowest = 0;
    const check = async (header: LongHeader) => {
      const { status, least } = await loopMilliseconds(header);
      slowest = Math.max(slowest, least);
      if (least > MOST_LOOP_MILLISECONDS) throw new Error(`${Math.round(least)} ms`);
      if (status < 200 || status >= 500) throw new Error(`a status of ${status}`);
    };
    await assert(asyncProperty(longHeaders(), check), {
      numRuns: REQUESTS,
      seed: SEED,
      examples: KNOWN_LONG_HEADERS.map((header) => [header]),
    });
    process.stdout.write(`fuzz: at most ${slowest.toFixed(1)} ms of the event loop for a long header\n`);
  },
  60_000 + REQUESTS * 60,
);
