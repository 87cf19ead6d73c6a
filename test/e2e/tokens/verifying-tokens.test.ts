import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { testWhere } from '../../support/on-engine.js';
import { hasPyJwt, PYTHON } from '../../support/py-jwt.js';
import { TestServer } from '../../support/server.js';

/** docs/verifying-tokens.md: its two snippets, unchanged, accept a real token and reject an altered one. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

function snippet(language: string): string {
  const page = readFileSync('docs/verifying-tokens.md', 'utf8');
  const [, code] = new RegExp(`<!-- tested: ${language} -->\n\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page) ?? [];
  if (code === undefined) throw new Error(`the page has no tested snippet in ${language}`);
  // The issuer is unchanged; the keys are fetched from the address of this server.
  return code.replace(/\$?\{(?:issuer|ISSUER)\}\/\.well-known/, `${server.client.url}/.well-known`);
}

async function run(file: string, args: string[], tokens: string[]): Promise<string[]> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stdin.end(tokens.join('\n'));
  await once(child, 'close');
  return stdout.trim().split('\n');
}

async function judge(file: string, args: string[]): Promise<void> {
  const { access_token, refresh_token } = await server.client.signUp('ana');
  const altered = `${access_token.slice(0, -6)}AAAAAA`;
  expect(await run(file, args, [access_token, altered, refresh_token])).toEqual(['ana', 'refused', 'refused']);
}

test('the JavaScript snippet accepts a valid token and rejects an altered one', async () => {
  const rest = `
    import { readFileSync } from 'node:fs';
    for (const token of readFileSync(0, 'utf8').split('\\n')) {
      console.log(await verify(token).then((claims) => claims.preferred_username, () => 'refused'));
    }`;
  await judge(process.execPath, ['--input-type=module', '--eval', snippet('js') + rest]);
});

testWhere(hasPyJwt(), `needs PyJWT for ${PYTHON}; Debian: python3-jwt python3-cryptography`)(
  'the Python snippet accepts a valid token and rejects an altered one',
  async () => {
    const rest = `
import sys
for line in sys.stdin:
    try:
        print(verify(line.strip())["preferred_username"])
    except jwt.PyJWTError:
        print("refused")
`;
    await judge(PYTHON, ['-c', snippet('python') + rest]);
  },
);
