import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { transformSync } from '@swc/core';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { CountingProxy } from '../../support/counting-proxy.js';
import { encode } from '../../support/forgery.js';
import { testWithProgram } from '../../support/on-engine.js';
import { freePort, OtherProgram } from '../../support/other-program.js';
import { hasModules, hasPyJwt, PYTHON } from '../../support/python.js';
import { Service } from '../../support/service.js';
import { SnippetFolder, snippetsOf } from '../../support/snippets.js';

/** docs/verifying-tokens.md and the READMEs: every snippet runs as it is on the page, against a real server. */
const PAGE = 'docs/verifying-tokens.md';
const JWKS = '/.well-known/jwks.json';
const PAGES = ['README.md', 'README.es.md', PAGE];

let issuer: CountingProxy;
let folder: SnippetFolder;
let tokens: { valid: string; invalid: string[]; unknownKeys: string[] };
beforeAll(async () => {
  issuer = await CountingProxy.start();
  const { access_token: valid, refresh_token } = await issuer.server.client.signUp('ana');
  const [, claims, signature] = valid.split('.');
  const header = decodeProtectedHeader(valid);
  const withKid = (kid: string) => `${encode({ ...header, kid })}.${claims}.${signature}`;
  tokens = {
    valid,
    invalid: [`${valid.slice(0, -6)}AAAAAA`, refresh_token],
    unknownKeys: Array.from({ length: 20 }, (_, n) => withKid(`unknown-${n}`)),
  };
});
beforeEach(() => issuer.reset());
afterEach(async () => {
  await OtherProgram.stopAll();
  folder?.remove();
});
afterAll(() => issuer.stop());

function save(page: string): void {
  folder = new SnippetFolder(snippetsOf(page, 'python', 'js', 'ts', 'sh'), issuer.url);
}

/** Runs a program in the folder with lines of input. @returns the lines of its output */
async function run(file: string, args: string[], input: string[], env: Record<string, string> = {}): Promise<string[]> {
  const { PATH } = process.env as { PATH: string };
  const child = spawn(file, args, { cwd: folder.path, env: { PATH, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stdin.end(input.join('\n'));
  await once(child, 'close');
  return stdout.trim().split('\n');
}

const PYTHON_MAIN = `
import sys, jwt
from portero import verify
for line in sys.stdin:
    try:
        print(verify(line.strip())["preferred_username"])
    except jwt.PyJWTError:
        print("refused")
`;
const JS_MAIN = `
import { readFileSync } from 'node:fs';
import { verify } from './portero.mjs';
for (const token of readFileSync(0, 'utf8').split('\\n')) {
  console.log(await verify(token).then((claims) => claims.preferred_username, () => 'refused'));
}
`;
const testWithPyJwt = testWithProgram(
  hasPyJwt(),
  `needs PyJWT for ${PYTHON}; Debian: python3-jwt python3-cryptography`,
);

/** Expects that a program accepts only the valid token, and fetches the keys once, however many `kid`s are unknown. */
async function judge(file: string, args: string[]): Promise<void> {
  const { valid, invalid, unknownKeys } = tokens;
  const input = [valid, ...invalid, '', ...unknownKeys, valid];
  const refused = input.slice(1, -1).map(() => 'refused');
  expect(await run(file, args, input)).toEqual(['ana', ...refused, 'ana']);
  expect(issuer.count(JWKS)).toBe(1);
}

for (const page of PAGES) {
  test(`the JavaScript snippet of ${page} accepts only valid tokens, and 20 unknown keys cause no further request`, async () => {
    save(page);
    await judge(process.execPath, ['--input-type=module', '--eval', JS_MAIN]);
  });

  testWithPyJwt(
    `the Python snippet of ${page} accepts only valid tokens, and 20 unknown keys cause no further request`,
    async () => {
      save(page);
      await judge(PYTHON, ['-c', PYTHON_MAIN]);
    },
  );
}

testWithPyJwt(
  'without the class of the page, a PyJWT without cooldown_duration requests the keys for every unknown key',
  async () => {
    save(PAGE);
    const plain = folder.read('portero.py').replace('Keys(f"', 'jwt.PyJWKClient(f"');
    folder.write('portero.py', plain);
    const signature =
      'import inspect, jwt; print("cooldown_duration" in inspect.signature(jwt.PyJWKClient).parameters)';
    const [limits] = await run(PYTHON, ['-c', signature], []);
    const refused = tokens.unknownKeys.map(() => 'refused');
    expect(await run(PYTHON, ['-c', PYTHON_MAIN], tokens.unknownKeys)).toEqual(refused);
    expect([limits, issuer.count(JWKS)]).toEqual(limits === 'True' ? ['True', 1] : ['False', 21]);
  },
);

/** Starts an application of the page, and expects that its route accepts only the valid token. */
async function judgeApplication(command: string[], port: number, env: Record<string, string> = {}): Promise<void> {
  await OtherProgram.start(command, { port, cwd: folder.path, env: { PORT: String(port), ...env } });
  const get = async (token?: string) => {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${port}/things`, { headers });
    return [response.status, await response.text()] as const;
  };
  for (const token of [undefined, '', ...tokens.invalid, ...tokens.unknownKeys])
    expect((await get(token))[0]).toBe(401);
  const [status, body] = await get(tokens.valid);
  expect([status, JSON.parse(body)]).toEqual([200, { for: decodeJwt(tokens.valid).sub }]);
  expect(issuer.count(JWKS)).toBe(1);
}

testWithProgram(hasPyJwt() && hasModules('flask'), `needs Flask for ${PYTHON}; Debian: python3-flask`)(
  'the Flask application of the page accepts only valid tokens',
  async () => {
    save(PAGE);
    const port = await freePort();
    await judgeApplication([PYTHON, '-m', 'flask', '--app', 'flask_app', 'run', '--port', String(port)], port);
  },
);

testWithProgram(
  hasPyJwt() && hasModules('fastapi', 'uvicorn'),
  `needs FastAPI for ${PYTHON}; Debian: python3-fastapi uvicorn`,
)('the FastAPI application of the page accepts only valid tokens', async () => {
  save(PAGE);
  const port = await freePort();
  await judgeApplication([PYTHON, '-m', 'uvicorn', 'fastapi_app:app', '--port', String(port)], port);
});

test('the Express application of the page accepts only valid tokens', async () => {
  save(PAGE);
  await judgeApplication([process.execPath, 'express-app.mjs'], await freePort());
});

const NEST_MAIN = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ThingsController } from './things.controller.js';

@Module({ controllers: [ThingsController] })
class AppModule {}

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: ['error'] });
await app.listen(process.env.PORT, '127.0.0.1');
`;

test('the Nest guard of the page accepts only valid tokens', async () => {
  save(PAGE);
  folder.write('main.ts', NEST_MAIN);
  for (const file of ['main', 'portero.guard', 'things.controller']) {
    const { code } = transformSync(folder.read(`${file}.ts`), {
      filename: `${file}.ts`,
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
      },
      module: { type: 'es6' },
    });
    folder.write(`${file}.js`, code);
  }
  await judgeApplication([process.execPath, 'main.js'], await freePort());
});

test('the introspection command of the page tells a valid token from an altered one', async () => {
  save(PAGE);
  const { id, secret } = await Service.register(issuer.server);
  const introspect = async (token: string) => {
    const env = { CLIENT_ID: id, CLIENT_SECRET: secret, TOKEN: token };
    return JSON.parse((await run('bash', ['sh'], [], env)).join(''));
  };
  expect(await introspect(tokens.valid)).toMatchObject({ active: true, username: 'ana' });
  expect(await introspect(tokens.invalid[0] as string)).toEqual({ active: false });
});
