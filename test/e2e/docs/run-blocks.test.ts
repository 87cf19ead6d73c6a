import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type CodeBlock, codeBlocks } from '../../support/code-blocks.js';
import { createDatabase, type TestDatabase } from '../../support/engine.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { SECRET, TestServer } from '../../support/server.js';
import { Service } from '../../support/service.js';

/**
 * Executes the code blocks marked `run` in the documentation, in a folder with the files that they name. On PostgreSQL, where
 * the command works while a server runs.
 */
const blocks = readdirSync('docs')
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) => codeBlocks(`docs/${name}`))
  .filter(({ mark }) => mark === 'run');

let database: TestDatabase;
let server: TestServer;
let folder: string;
let variables: Record<string, string>;
beforeAll(async () => {
  database = await createDatabase();
  server = await TestServer.on(database);
  const { access_token: TOKEN } = await server.client.signUp('ana');
  const { id: CLIENT_ID, secret: CLIENT_SECRET } = await Service.register(server);
  const { keys } = (await server.client.get<{ keys: { kid: string }[] }>('/.well-known/jwks.json')).body;
  variables = { TOKEN, CLIENT_ID, CLIENT_SECRET, KID: keys.at(-1)?.kid as string };
  folder = mkdtempSync(join(tmpdir(), 'portero-blocks-'));
  symlinkSync(resolve('portero'), join(folder, 'portero'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text, { mode: 0o755 });
  mkdirSync(join(folder, 'data'));
  run('openssl ecparam -name prime256v1 -genkey -noout -out key.pem');
});
afterAll(async () => {
  await TestServer.stopAll();
  await database.drop();
  rmSync(folder, { recursive: true });
});

const HASH = '$2b$04$abcdefghijklmnopqrstuuGv0Cmrb4qSbGxHkfaTqXFHFNtU3NQAK';
/** A hash, a salt and a key of the right size. */
const BYTES = Buffer.alloc(64, 1).toString('base64');
const FILES = {
  'users.csv': `username,password_hash\nbob,${HASH}\n`,
  'firebase.json': JSON.stringify({
    users: [{ email: 'eva@example.com', emailVerified: true, passwordHash: BYTES, salt: BYTES }],
  }),
  // OpenLDAP's program, which the example reads from.
  slapcat: `#!/bin/sh\nprintf 'uid: eva\\nmail: eva@example.com\\nuserPassword:: ${Buffer.from(`{CRYPT}${HASH}`).toString('base64')}\\n\\n'\n`,
};

function run(script: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('bash', ['-e', '-u', '-o', 'pipefail', '-c', script], {
    cwd: folder,
    encoding: 'utf8',
    // Bash reads its start files if standard input is a socket.
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${folder}:${process.env.PATH}`,
      ...database.env,
      ...variables,
      PORTERO_SECRET: SECRET,
      ENV_FILE: 'none',
    },
  });
}

testOnPostgres('every block marked run succeeds', async () => {
  expect(blocks.length).toBeGreaterThanOrEqual(7);
  for (const { page, line, text } of blocks) {
    const { status, stderr } = run(text.replaceAll('http://localhost:3000', server.client.url));
    expect({ page, line, status, stderr }).toEqual({ page, line, status: 0, stderr: expect.any(String) });
  }
});

testOnPostgres('the exports for Firebase and LDAP write rows that the import accepts', async () => {
  for (const part of ['firebase.json', 'slapcat']) {
    const { text } = blocks.find((block) => block.text.includes(part)) as CodeBlock;
    const imported = run(`${text.replace("'…'", BYTES)}\n./portero users import users.jsonl --dry-run --json`);
    expect([part, imported.status, imported.stderr]).toEqual([part, 0, '']);
  }
});
