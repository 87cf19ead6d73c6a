import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, importJWK, type JWK, jwtVerify } from 'jose';
import { encode } from '../../support/forgery.js';
import { testWithProgram } from '../../support/on-engine.js';
import { PorteroCommand } from '../../support/portero-command.js';
import { hasPyJwt, PYTHON } from '../../support/python.js';
import { TestServer } from '../../support/server.js';

/** Two verifiers that share no code with Portero check its tokens: jose and PyJWT. */
const ISSUER = 'http://localhost:3000';
type Verify = (token: string) => Promise<unknown>;

let command: PorteroCommand;
let server: TestServer;
const prepare = async (alg: string) => {
  command = await PorteroCommand.create();
  Object.assign(command.database.env, { JWT_ALG: alg });
  server = await TestServer.on(command.database);
};
const cleanUp = async () => {
  await TestServer.stopAll();
  await command.remove();
};

const options = (alg: string) => ({ issuer: ISSUER, audience: ISSUER, typ: 'at+jwt', algorithms: [alg] });
const joseByJwks =
  (alg: string, url: string): Verify =>
  async (token) =>
    (await jwtVerify(token, createRemoteJWKSet(new URL(url)), options(alg))).payload;
const joseByJwk =
  (alg: string, jwk: JWK): Verify =>
  async (token) =>
    (await jwtVerify(token, await importJWK(jwk, alg), options(alg))).payload;

/** @throws if PyJWT rejects the token */
const pyJwtBy =
  (alg: string, ...key: string[]): Verify =>
  async (token) => {
    const child = spawn(PYTHON, ['test/support/verify.py', alg, ...key, '--issuer', ISSUER]);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdin.end(`${token}\n`);
    await once(child, 'close');
    if (stdout === '') throw new Error(`verify.py failed: ${stderr}`);
    const { claims, refused } = JSON.parse(stdout);
    if (refused !== undefined) throw new Refused(refused);
    return claims;
  };
class Refused extends Error {}

/** Altered versions of a valid token, which every verifier must reject. */
function tampered(token: string): [string, string][] {
  const [head = '', claims = '', signature = ''] = token.split('.');
  const altered = encode({ ...decodeJwt(token), sub: 'somebody-else' });
  const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
  return [
    ['another sub', `${head}.${altered}.${signature}`],
    ['another signature', `${head}.${claims}.${flipped}`],
    ['no signature', `${head}.${claims}.`],
    ['alg none', `${encode({ ...decodeProtectedHeader(token), alg: 'none' })}.${claims}.`],
    ['another typ', `${encode({ ...decodeProtectedHeader(token), typ: 'JWT' })}.${claims}.${signature}`],
    ['an unknown kid', `${encode({ ...decodeProtectedHeader(token), kid: 'x' })}.${claims}.${signature}`],
  ];
}

async function judge(verify: Verify): Promise<void> {
  const { access_token } = await server.client.signUp('ana');
  expect(await verify(access_token)).toEqual(decodeJwt(access_token));
  for (const [what, token] of tampered(access_token)) {
    const outcome = await verify(token).then(
      () => 'taken',
      (error: Error) => error.message,
    );
    expect([what, outcome]).toEqual([what, expect.not.stringMatching(/^(taken|verify\.py failed)/)]);
  }
}

const testWithPyJwt = testWithProgram(
  hasPyJwt(),
  `needs PyJWT for ${PYTHON}; Debian: python3-jwt python3-cryptography`,
);

describe.each(['ES256', 'RS256'])('tokens signed with %s', (alg) => {
  beforeAll(() => prepare(alg), 60_000);
  afterAll(cleanUp);
  const jwks = () => `${server.client.url}/.well-known/jwks.json`;

  test('jose accepts them with the published keys, and rejects altered ones', () => judge(joseByJwks(alg, jwks())));

  testWithPyJwt('PyJWT accepts them with the published keys, and rejects altered ones', () =>
    judge((token) => pyJwtBy(alg, '--jwks', jwks())(token)),
  );
});

describe('tokens signed with HS256', () => {
  let jwk: JWK;
  beforeAll(async () => {
    await prepare('HS256');
    // Only one process at a time can use the embedded database.
    await server.stop();
    const { keys } = JSON.parse((await command.run(['keys', 'list', '--json'])).stdout);
    const { kid } = keys.find(({ status }: { status: string }) => status === 'active');
    jwk = JSON.parse((await command.run(['keys', 'export', kid])).stdout);
    server = await TestServer.on(command.database);
  }, 60_000);
  afterAll(cleanUp);

  test('jose accepts them with the secret from portero keys export', () => judge(joseByJwk('HS256', jwk)));

  testWithPyJwt('PyJWT accepts them with the secret from portero keys export', () =>
    judge((token) => pyJwtBy('HS256', '--jwk', JSON.stringify(jwk))(token)),
  );
});
