import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { RangeServer, sha1 } from '../../support/range-server.js';
import { TestServer } from '../../support/server.js';

/** `PASSWORD_BREACH_CHECK=hibp`, against a local server of its protocol. */
let server: TestServer;
let ranges: RangeServer;
beforeAll(async () => {
  ranges = await RangeServer.start();
  server = await TestServer.start({ PASSWORD_BREACH_CHECK: 'hibp', HIBP_URL: ranges.url });
});
afterAll(async () => {
  await server.stop();
  await ranges.stop();
});
const register = (body: Record<string, unknown>) => server.client.post('/auth/register', { body });
let names = 0;
const freshName = () => `somebody-${names++}`;

async function expectRejected(body: Record<string, unknown>, code: string): Promise<void> {
  const answer = await register(body);
  expectProblem(answer, 422, 'password_rejected');
  expect(answer.body.errors).toEqual([{ pointer: '/password', code, detail: expect.stringMatching(/\S/) }]);
}

async function expectTaken(body: Record<string, unknown>): Promise<void> {
  const { status, text } = await register(body);
  expect([status, text]).toEqual([201, expect.any(String)]);
}

beforeEach(() => {
  ranges.misbehave = undefined;
  ranges.requests.length = 0;
  server.log.length = 0;
});

test('rejects a breached password [ASVS 6.2.12]', async () => {
  ranges.list('a breached passphrase', 3);
  await expectRejected({ username: freshName(), password: 'a breached passphrase' }, 'password_breached');
});

test('accepts another password, also if the padding lists it with a count of zero', async () => {
  ranges.list('a padded passphrase', 0);
  await expectTaken({ username: freshName(), password: 'a padded passphrase' });
  await expectTaken({ username: freshName(), password: PASSWORD });
  expect(server.log.filter(({ level }) => level === 'warn')).toEqual([]);
});

test('sends only five characters of the hash to the service [ASVS 1.2.2]', async () => {
  await expectTaken({ username: freshName(), password: PASSWORD });
  const [request] = ranges.requests;
  expect(ranges.requests).toHaveLength(1);
  expect(request?.line).toBe(`GET /range/${sha1(PASSWORD).slice(0, 5)}`);
  expect(request?.headers['add-padding']).toBe('true');
  expect(request?.headers).not.toHaveProperty('content-length');
  const sent = JSON.stringify(request).toUpperCase();
  expect(sent).not.toContain(sha1(PASSWORD).slice(5, 12));
  expect(sent).not.toContain(PASSWORD.toUpperCase());
});

test('does not check a password that the policy rejects', async () => {
  await expectRejected({ username: freshName(), password: 'password1' }, 'password_common');
  expect(ranges.requests).toEqual([]);
});

describe.each<[string, RangeServer['misbehave']]>([
  ['does not answer', () => {}],
  ['never ends its answer', (response) => void response.writeHead(200).write(`${'0'.repeat(35)}:1\r\n`)],
  ['answers 500', (response) => void response.writeHead(500).end('oops')],
  ['answers 429', (response) => void response.writeHead(429, { 'Retry-After': '2' }).end()],
  ['answers garbage', (response) => void response.end('<html>Sign in to the hotel WiFi</html>')],
  ['answers nothing', (response) => void response.end()],
  ['answers too much', (response) => void response.end(`${'0'.repeat(35)}:1\r\n`.repeat(40_000))],
  ['hangs up', (response) => void response.socket?.destroy()],
  ['redirects', (response) => void response.writeHead(302, { Location: '/elsewhere' }).end()],
])('when the service %s', (_, misbehave) => {
  beforeEach(() => {
    ranges.misbehave = misbehave;
  });

  test('accepts the password and logs one warning without the hash [ASVS 16.5.2]', async () => {
    await expectWarned(() => expectTaken({ username: freshName(), password: PASSWORD }));
    expect(ranges.requests.map(({ line }) => line)).not.toContain('GET /elsewhere');
  });
});

test('accepts the password if nothing listens at the address', async () => {
  const other = await RangeServer.start();
  const { url } = other;
  await other.stop();
  await server.restart({ HIBP_URL: url });
  server.log.length = 0;
  await expectWarned(() => expectTaken({ username: freshName(), password: PASSWORD }));
  await server.restart({ HIBP_URL: ranges.url });
});

describe('with PASSWORD_BREACH_ON_ERROR=refuse', () => {
  beforeAll(() => server.restart({ PASSWORD_BREACH_ON_ERROR: 'refuse' }));

  test.each<[string, RangeServer['misbehave']]>([
    ['does not answer', () => {}],
    ['answers 500', (response) => void response.writeHead(500).end('oops')],
    ['redirects', (response) => void response.writeHead(302, { Location: '/elsewhere' }).end()],
  ])('responds with 503 if the service %s, and the username stays available', async (_, misbehave) => {
    const username = freshName();
    ranges.misbehave = misbehave;
    const answer = await register({ username, password: PASSWORD });
    expectProblem(answer, 503, 'unavailable');
    expectNoHashIn(server.log);
    ranges.misbehave = undefined;
    await expectTaken({ username, password: PASSWORD });
  });
});

async function expectWarned(act: () => Promise<void>): Promise<void> {
  await act();
  expect(server.log.filter(({ level }) => level === 'warn')).toEqual([
    expect.objectContaining({
      msg: expect.stringMatching(/^the breach check failed: .+; the password was accepted unchecked/),
    }),
  ]);
  expectNoHashIn(server.log);
}

function expectNoHashIn(log: unknown): void {
  const text = JSON.stringify(log).toUpperCase();
  expect(text).not.toContain(sha1(PASSWORD).slice(0, 5));
  expect(text).not.toContain(PASSWORD.toUpperCase());
}
