// node scripts/smoke.mjs: starts the build in dist/ with this Node.js, and tries the main requests.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dataDir = mkdtempSync(join(tmpdir(), 'portero-smoke-'));
const { PATH, HOME } = process.env;
const env = { PATH, HOME, ENV_FILE: 'none', DATA_DIR: dataDir, PORT: '0', LOG_FORMAT: 'json' };

try {
  const server = spawn(process.execPath, [join(root, 'dist/main.js')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'close');
  try {
    const url = await listening(server);
    await useOnce(url);
  } finally {
    server.kill('SIGTERM');
  }
  assert.deepEqual(await ended, [0, null]);
  const command = [join(root, 'dist/portero.js'), 'users', 'hashes', '--json'];
  const { hashes } = JSON.parse(execFileSync(process.execPath, command, { env, encoding: 'utf8' }));
  assert.deepEqual(hashes, { 'portero-bcrypt': 1 });
  console.log(`Node.js ${process.version}: serves, and the command runs`);
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}

/** @returns the URL at which it listens */
async function listening({ stdout }) {
  let text = '';
  for await (const chunk of stdout) {
    text += chunk;
    const [, url] = /listens on (http:\/\/[^\s"]+)/.exec(text) ?? [];
    if (url) {
      stdout.resume();
      return url;
    }
  }
  throw new Error(`the server ended: ${text}`);
}

async function useOnce(url) {
  const call = async (path, { token, body } = {}) => {
    const headers = {
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body && { 'Content-Type': 'application/json' }),
    };
    const method = body || path === '/auth/logout' ? 'POST' : 'GET';
    const answer = await fetch(`${url}${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, body: text && JSON.parse(text) };
  };
  const user = { username: 'ana', password: 'correct horse battery staple' };
  assert.equal((await call('/auth/register', { body: user })).status, 201);
  const login = await call('/auth/login', { body: user });
  assert.equal(login.status, 200);
  const refreshed = await call('/auth/refresh', { body: { refresh_token: login.body.refresh_token } });
  assert.equal(refreshed.status, 200);
  const token = refreshed.body.access_token;
  assert.equal((await call('/protected', { token })).status, 200);
  assert.equal((await call('/auth/logout', { token })).status, 204);
  assert.equal((await call('/protected', { token })).status, 401);
}
