import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { documentedRoutes, type Route } from '../../support/routes.js';
import { TestServer } from '../../support/server.js';

/** Rejects bodies that parsers could read differently (attacks: mass assignment, pollution; ASVS 1.5.3, 15.3). */
let server: TestServer;
let routes: Route[];
beforeAll(async () => {
  server = await TestServer.start();
  // OAuth routes accept forms.
  const takesJson = ({ method, path }: Route) => !['GET', 'HEAD'].includes(method) && !path.startsWith('/oauth/');
  routes = (await documentedRoutes(server.client)).filter(takesJson);
});
afterAll(() => server.stop());

const nest = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const AMBIGUOUS: [string, string][] = [
  ['a member named twice', '{"username":"ana","username":"eva","password":"x"}'],
  ['a member named twice in other spellings', '{"username":"ana","\\u0075sername":"eva","password":"x"}'],
  ['a member named twice further down', '{"a":{"b":1,"b":1}}'],
  ['a byte order mark', '\ufeff{"username":"ana","password":"x"}'],
  ['__proto__', '{"__proto__":{"username":"ana"},"password":"x"}'],
  ['__proto__ in another spelling', '{"\\u005f_proto__":{"username":"ana"}}'],
  ['__proto__ further down', '{"username":{"__proto__":{}}}'],
  ['more than 32 levels of objects', nest(33)],
  ['more than 32 levels of arrays', `${'['.repeat(33)}${']'.repeat(33)}`],
  ['as many levels as fit', `${'['.repeat(16_384)}${']'.repeat(16_384)}`],
  ['a string that never ends', `"${'\\"'.repeat(16_000)}`],
  ['a raw NUL', '{"username":"ana\0","password":"x"}'],
];

test.each(AMBIGUOUS)(
  '%s is 400 malformed_request on every route with a body [ASVS 15.3.6, 15.3.7, 1.5.3]',
  async (_, body) => {
    for (const { method, path } of routes) {
      expectProblem(await server.client.call(method, path, { body }), 400, 'malformed_request');
    }
  },
);

test.each([
  ['constructor', { constructor: { prototype: { admin: true } } }],
  ['prototype', { prototype: { admin: true } }],
  ['a NUL in a name', { 'user\0name': 'ana' }],
  ['a lone surrogate in a name', { '\ud800': 'ana' }],
  ['a lone surrogate', { username: '\ud800' }],
  ['a NUL', { username: 'ana\0' }],
  ['32 levels', JSON.parse(nest(32))],
  ['members for the server alone', { id: '1', role: 'admin', email_verified: true }],
])('%s is 400 validation_failed, and nothing is registered [ASVS 2.2.2]', async (_, member) => {
  const body = { username: 'nobody', password: PASSWORD, ...(member as object) };
  expectProblem(await server.client.post('/auth/register', { body }), 400, 'validation_failed');
  const logIn = await server.client.post('/auth/login', { body: { username: 'nobody', password: PASSWORD } });
  expectProblem(logIn, 401, 'invalid_credentials');
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test('the response to a body with thousands of unknown members does not list thousands of faults', async () => {
  const members = Array.from({ length: 3000 }, (_, index) => [`m${index}`, 1]);
  const answer = await server.client.post('/auth/login', { body: Object.fromEntries(members) });
  expectProblem(answer, 400, 'validation_failed');
  expect((answer.body.errors as unknown[]).length).toBe(20);
});
