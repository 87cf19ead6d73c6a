import fc from 'fast-check';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** NIST SP 800-63B-4 §3.1.1.2; ASVS 6.2. */
const TOO_SHORT = ['password_too_short', 'password_common'];
const NAMES = ['password_contains_name', 'password_contains_service_name'];

let server: TestServer;
const register = (body: Record<string, unknown>) => server.client.post('/auth/register', { body });
let names = 0;
const freshName = () => `somebody-${names++}`;

/** Expects 422 with exactly these faults of the password. */
async function expectRejected(body: Record<string, unknown>, ...codes: string[]): Promise<void> {
  const answer = await register(body);
  expectProblem(answer, 422, 'password_rejected');
  const detail = expect.stringMatching(/\S/);
  expect(answer.body.errors).toEqual(codes.map((code) => ({ pointer: '/password', code, detail })));
}

async function expectTaken(body: Record<string, unknown>): Promise<void> {
  const { status, text } = await register(body);
  expect([status, text]).toEqual([201, expect.any(String)]);
}

beforeAll(async () => {
  server = await TestServer.start({ PUBLIC_URL: 'https://acmecloud.example.com' });
});
afterAll(() => server.stop());

// A sample from the whole list, which is ordered by frequency.
test.each(
  `password 12345678 123456789 baseball football 1234567890 1qaz2wsx trustno1 princess sunshine iloveyou password1
  starwars passw0rd qwertyuiop 11111111 88888888 computer whatever superman jennifer michelle 1q2w3e4r q1w2e3r4
  zaq12wsx asdfghjkl liverpool chocolate aaaaaaaa zzzzzzzzzzzz vfrcbvrf voxstrange 193570356033 dimazarya`.split(/\s+/),
)('rejects the common password %s in any letter case [ASVS 6.2.4]', async (password) => {
  await expectRejected({ username: freshName(), password }, 'password_common');
  await expectRejected({ username: freshName(), password: password.toUpperCase() }, 'password_common');
});

test.each([
  ['the username', { username: 'margolotta', password: 'margolotta' }],
  ['the username in another letter case', { username: 'margolotta', password: 'MargoLOTTA' }],
  ['the username in full-width letters', { username: 'margolotta', password: 'ｍａｒｇｏｌｏｔｔａ' }],
  ['the username and a year', { username: 'margolotta', password: 'Margolotta1987' }],
  ['the username amid punctuation', { username: 'marg', password: '!!$marg$ 2025!' }],
  ['a username of two words', { username: 'ana maría', password: 'Ana María 1' }],
  ['the email address', { username: 'm1', email: 'marga@example.com', password: 'marga@example.com' }],
  ['the email address and more', { username: 'm1', email: 'marga@example.com', password: 'Marga@Example.com1!' }],
  ['the local part of the email', { username: 'm1', email: 'marga.rita@example.com', password: 'marga.rita' }],
  ['the local part and digits', { username: 'm1', email: 'marga@example.com', password: '2025marga' }],
])('rejects %s as a password [ASVS 6.2.11]', async (_, body) => {
  await expectRejected(body, 'password_contains_name');
});

test.each(['portero1', 'PORTERO-2025', 'acmecloud', '¡Acmecloud1!'])(
  "rejects the service's name, as in %s [ASVS 6.2.11]",
  async (password) => {
    await expectRejected({ username: freshName(), password }, 'password_contains_service_name');
  },
);

test.each([
  ['more than the name', { username: 'margolotta', password: 'margolotta sings' }],
  ['a short name and digits', { username: 'eva', password: '71930eva246' }],
  ['a longer word that holds the name', { username: 'carl', password: 'carlsbadcaverns-x' }],
  ['the service in a sentence', { username: 'norma', password: 'portero at acmecloud' }],
  ['only letters, of any script', { username: 'yuki', password: 'さくらもちおいしい' }],
  ['only digits', { username: 'digits', password: '71930246815' }],
  ['only spaces and one letter', { username: 'spaces', password: '               x' }],
])('accepts %s', async (_, body) => {
  await expectTaken(body);
});

test('names every reason at once', async () => {
  await expectRejected({ username: 'qwerty', password: 'Qwerty' }, ...TOO_SHORT, 'password_contains_name');
  await expectRejected({ username: 'portero', password: 'portero' }, 'password_too_short', ...NAMES);
});

test('accepts any password of 15 or more characters [ASVS 6.2.5]', async () => {
  const password = fc.string({ unit: 'binary', minLength: 15, maxLength: 256 }).filter((text) => !/\0/.test(text));
  await fc.assert(
    fc.asyncProperty(password, (text) => expectTaken({ username: freshName(), password: text })),
    { numRuns: 50 },
  );
});

test('accepts a password of 64 emoji, which works for login [ASVS 6.2.9]', async () => {
  const password = '🙂🙃😉😊'.repeat(16);
  await expectTaken({ username: 'emoji64', password });
  await server.client.logIn('emoji64', password);
});

test.each(['long enough\0but', 'long enough\ud800but'])(
  'rejects %j as invalid text before applying the policy',
  async (password) => {
    expectFaults(await register({ username: freshName(), password }), ['/password', 'invalid_text']);
  },
);
