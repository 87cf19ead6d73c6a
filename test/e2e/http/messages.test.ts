import { assert, constantFrom, integer, property, string } from 'fast-check';
import { findJsonFault } from '../../../src/http/json-fault.js';
import { AmbiguousJson, parseStrictJson } from '../../../src/http/strict-json.js';
import { PASSWORD } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** The texts of problems say what is wrong and what to do, and repeat no secret. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

describe('a body that is not JSON', () => {
  const DETAIL = /^The body (?:is not valid JSON: )?(.*) at line (\d+), column (\d+)/;

  test.each([
    ['{"username":"ana" "password":"x"}', 'a comma or a closing bracket is expected', 1, 19],
    ['{\n  "username": "ana",\n  "password": "x",\n}', 'a field name in double quotes is expected', 4, 1],
    ['{"username":}', 'a value is expected', 1, 13],
    ['{"username" "ana"}', 'a colon is expected', 1, 13],
    ["{'username':'ana'}", 'there is an unknown word', 1, 2],
    ['{"username":"ana"', 'a closing brace is expected', 1, 18],
    ['{"username":["ana"}', 'a comma or a closing bracket is expected', 1, 19],
    ['{"username":["ana"', 'a closing bracket is expected', 1, 19],
    ['{"username":"ana"}}', 'there is text after its end', 1, 19],
    ['{"username":"\\x"}', 'there is an invalid escape', 1, 13],
    ['{"username":"ana\n"}', 'the string', 1, 13],
    ['{"username":"ana"} // no', 'there is a comment', 1, 20],
    ['{"username":-}', 'there is an unknown word', 1, 13],
    ['{"username":1.}', 'there is an invalid number', 1, 13],
    ['{\n"a":1,\n"b":2,\n"a":3}', 'has the field a twice, the second time', 4, 1],
    ['{"a":{"b":1},\n "c":{"b":1,"\\u0062":2}}', 'has the field b twice, the second time', 2, 13],
    ['{"__proto__":{}}', 'has the field __proto__', 1, 2],
  ])('%j: says what and where', async (body, what, line, column) => {
    const answer = await server.client.post('/auth/login', { body });
    expectProblem(answer, 400, 'malformed_request');
    const [, said, ...place] = DETAIL.exec(answer.body.detail as string) ?? [answer.body.detail];
    expect([said, ...place.map(Number)]).toEqual([what, line, column]);
  });

  test.each([
    ['too deep', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'The body is nested more than 32 levels deep.'],
    // The parser that finds the fault reads this differently: for it the string ends with the line.
    [
      'a string that hides 30,000 brackets',
      `{"a":"\n${'['.repeat(30_000)}`,
      /string at line 1, column 6 is not closed/,
    ],
  ])('%s is told too', async (_, body, detail) => {
    const answer = await server.client.post('/auth/login', { body });
    expectProblem(answer, 400, 'malformed_request');
    expect(answer.body.detail).toMatch(detail);
  });

  test('repeats no value of the body', async () => {
    for (const body of [
      `{"password":"${PASSWORD}" x}`,
      `{"password":${PASSWORD}}`,
      `{"${PASSWORD}":1,"${PASSWORD}":2}`,
    ]) {
      const { text } = await server.client.post('/auth/login', { body });
      expect(text).toContain('malformed_request');
      expect(text).not.toContain(PASSWORD);
    }
  });

  test('names a fault for every text that the strict parser rejects', () => {
    const valid = '{"username":"ana","password":"a\\u0062c","n":[1,-2.5e3,true,null,{"x":{}}]}';
    assert(
      property(
        integer({ min: 0, max: valid.length }),
        constantFrom('', '"', '{', ']', ',', ':', '\\', '/', '\n', 'e', '-'),
        string({ maxLength: 3 }),
        (at, one, other) => {
          const text = valid.slice(0, at) + one + other + valid.slice(at + 1);
          let rejected: unknown;
          try {
            parseStrictJson(text);
          } catch (error) {
            rejected = error;
          }
          // A repeated name that is no plain word has no text of its own.
          if (rejected instanceof SyntaxError && !(rejected instanceof AmbiguousJson)) {
            expect({ text, found: findJsonFault(text) }).toEqual({ text, found: expect.anything() });
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('is explained in Spanish as well', async () => {
    const headers = { 'Accept-Language': 'es' };
    const { body } = await server.client.post('/auth/login', { body: '{"username":"ana",}', headers });
    expect(body.detail).toBe(
      'El cuerpo no es JSON válido: se espera un nombre de campo entre comillas dobles en la línea 1, columna 19.',
    );
  });
});

test('the response to an unknown field names the known ones', async () => {
  const answer = await server.client.post('/auth/register', { body: { user: 'ana', password: PASSWORD } });
  expectFaults(answer, ['/user', 'unknown_member']);
  expect(answer.body.errors).toMatchObject([
    { detail: 'This field is unknown. Known fields: username, email, password.' },
  ]);
});

test('the response to an unknown query parameter names the known ones', async () => {
  const { access_token: token } = await server.client.signUp('query');
  const answer = await server.client.get('/users/me/events?page=2', { token });
  expectFaults(answer, ['/page', 'unknown_member']);
  expect(answer.body.errors).toMatchObject([{ detail: 'This field is unknown. Known fields: type, before, limit.' }]);
});

test('a login for a cookie from another origin names Origin and CORS_ORIGINS', async () => {
  const headers = { Origin: 'https://elsewhere.example' };
  const body = { username: 'ana', password: PASSWORD, transport: 'cookie' };
  const answer = await server.client.post('/auth/login', { body, headers });
  expectProblem(answer, 403, 'csrf_failed');
  expect(answer.body.detail).toMatch(/Origin.*CORS_ORIGINS/);
});

describe('errors of the OAuth endpoints have the error of RFC 6749 §5.2', () => {
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };

  test.each([
    ['no client', { headers: form, body: 'token=x' }, 401, 'invalid_client', 'invalid_client'],
    ['a parameter twice', { headers: form, body: 'token=x&token=y' }, 400, 'malformed_request', 'invalid_request'],
    ['JSON', { body: { token: 'x' } }, 415, 'unsupported_media_type', 'invalid_request'],
  ])('%s', async (_, options, status, code, error) => {
    for (const path of ['/oauth/introspect', '/oauth/revoke']) {
      const { body, status: received } = await server.client.post(path, options);
      expect({ received, code: body.code, error: body.error }).toEqual({ received: status, code, error });
    }
  });

  test('the response to a body of another type asks for a form', async () => {
    for (const type of ['application/json', 'text/plain']) {
      const { body } = await server.client.post('/oauth/introspect', { body: '{}', headers: { 'Content-Type': type } });
      expect(body.detail).toBe('Send the body as Content-Type: application/x-www-form-urlencoded.');
    }
  });

  test('other routes have no such field', async () => {
    expect((await server.client.get('/users/me')).body).not.toHaveProperty('error');
  });
});
