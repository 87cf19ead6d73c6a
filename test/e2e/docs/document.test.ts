import { decodeJwt, decodeProtectedHeader } from 'jose';
import { USER_EVENT_TYPES } from '../../../src/audit/audit-events.js';
import type { Tokens } from '../../support/client.js';
import { TestServer } from '../../support/server.js';

interface Example {
  value: { code: string; errors?: { pointer: string; code: string; detail: string }[] };
}
interface Operation {
  tags: string[];
  security: Record<string, unknown>[];
  parameters?: { name: string; description?: string; schema: { enum?: string[] } }[];
  responses: Record<string, { content?: Record<string, { examples?: Record<string, Example> }> }>;
}
interface Schema {
  properties: Record<string, { example?: unknown; enum?: string[] }>;
}
interface Document {
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, unknown> };
}

/** What readers and tools get from /openapi.json. */
let server: TestServer;
let document: Document;
beforeAll(async () => {
  server = await TestServer.start();
  document = (await server.client.get<Document>('/openapi.json')).body;
});
afterAll(() => server.stop());

const operation = (method: string, path: string) => document.paths[path]?.[method] as Operation;
const operations = () => Object.values(document.paths).flatMap((item) => Object.values(item));
const examplesOf = ({ responses }: Operation, code: string) =>
  Object.values(responses).flatMap(({ content }) => content?.['application/problem+json']?.examples?.[code] ?? []);
const propertiesOf = (schema: string) => document.components.schemas[schema]?.properties ?? {};

test('the examples of tokens look like those that the server issues', async () => {
  const issued: Tokens = await server.client.signUp('ana');
  const { access_token, refresh_token } = propertiesOf('TokensResponse');
  const example = access_token?.example as string;
  expect(example.split('.').map((part) => part.length > 40)).toEqual([true, true, true]);
  expect(Object.keys(decodeProtectedHeader(example)).sort()).toEqual(
    Object.keys(decodeProtectedHeader(issued.access_token)).sort(),
  );
  expect(Object.keys(decodeJwt(example)).sort()).toEqual(Object.keys(decodeJwt(issued.access_token)).sort());
  expect(refresh_token?.example).toHaveLength(issued.refresh_token.length);
  expect((await server.client.post('/auth/refresh', { body: { refresh_token: refresh_token?.example } })).status).toBe(
    401,
  );
});

test('the examples of register and login are the same user, but not the one in the README', () => {
  for (const schema of ['RegisterRequest', 'LoginRequest']) {
    const { username, email, password } = propertiesOf(schema);
    expect([username?.example, email?.example]).toEqual(['sofia', 'sofia@example.com']);
    expect(password?.example).toBe('correct horse battery staple');
  }
  expect(JSON.stringify(document).match(/"ana(@|")/)).toBeNull();
});

test('the examples of validation_failed and password_rejected name a field of the operation', () => {
  const pointers = (one: Operation, code: string) =>
    examplesOf(one, code).flatMap(({ value }) =>
      value.errors?.map(({ pointer, code: fault }) => `${pointer} ${fault}`),
    );
  expect(pointers(operation('post', '/auth/register'), 'validation_failed')).toEqual(['/username required']);
  expect(pointers(operation('post', '/auth/register'), 'password_rejected')).toEqual(['/password password_common']);
  expect(pointers(operation('post', '/users/me/password'), 'password_rejected')).toEqual([
    '/new_password password_common',
  ]);
  expect(pointers(operation('post', '/oauth/introspect'), 'validation_failed')).toEqual(['/token required']);
  for (const code of ['validation_failed', 'password_rejected']) {
    for (const { value } of operations().flatMap((one) => examplesOf(one, code))) {
      expect(value.errors).toEqual([expect.objectContaining({ detail: expect.stringMatching(/\.$/) })]);
    }
  }
});

test('public operations require no credential, and the others list the bearer token first', () => {
  for (const path of ['/auth/register', '/auth/login', '/auth/refresh', '/health/live', '/.well-known/jwks.json']) {
    const [one] = Object.values(document.paths[path] ?? {});
    expect([path, one?.security]).toEqual([path, []]);
  }
  expect(operation('get', '/users/me').security).toEqual([{ bearer: [] }, { cookie: [] }]);
  expect(operation('post', '/auth/logout').security).toEqual([{ bearer: [] }, { cookie: [] }, {}]);
  expect(operation('post', '/oauth/introspect').security).toEqual([{ basic: [] }]);
  expect(Object.keys(document.components.securitySchemes)).toEqual(['bearer', 'cookie', 'basic']);
});

test('the operations to try first come first, and the short paths last, in a group of their own', () => {
  const paths = Object.keys(document.paths);
  expect(paths.slice(0, 5)).toEqual(['/auth/register', '/auth/login', '/protected', '/auth/refresh', '/auth/logout']);
  expect(document.tags.map(({ name }) => name)).toEqual(['Auth', 'Email', 'Users', 'Service', 'Short paths']);
  const short = Object.entries(document.paths).filter(([, item]) => item.post?.tags.includes('Short paths'));
  expect(short.map(([path]) => path).sort()).toEqual(['/login', '/logout', '/refresh', '/register']);
});

test('every parameter has a description', () => {
  const parameters = operations().flatMap(({ parameters: all = [] }) => all);
  expect(parameters.length).toBeGreaterThan(5);
  for (const { name, description } of parameters)
    expect([name, description]).toEqual([name, expect.stringMatching(/\.$/)]);
});

test('the event types of a user do not include those of keys, clients and the service', () => {
  const types = operation('get', '/users/me/events').parameters?.find(({ name }) => name === 'type')?.schema.enum;
  expect(types).toEqual([...USER_EVENT_TYPES]);
  expect(propertiesOf('EventResponse').type?.enum).toEqual(types);
  expect(types?.filter((type) => /^(key|client|secret|users|request)\./.test(type))).toEqual([]);
});
