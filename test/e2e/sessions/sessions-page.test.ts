import { readFileSync } from 'node:fs';
import { loadConfig } from '../../../src/config/config.js';
import { Browser } from '../../support/browser.js';
import { PASSWORD } from '../../support/client.js';
import { TestServer } from '../../support/server.js';

/** docs/sessions.md states the correct settings, and its example works (ASVS 7.1.1, 7.1.2). */
const page = readFileSync('docs/sessions.md', 'utf8');

test('the page states the default lifetimes and session limit', () => {
  const { config } = loadConfig({ PORTERO_SECRET: Buffer.alloc(32).toString('base64url') });
  const [minute, day] = [60_000, 86_400_000];
  for (const text of [
    `\`REFRESH_TOKEN_TTL\` (${config.refreshTokenTtl / day} days)`,
    `\`SESSION_IDLE_TTL\` (${config.sessionIdleTtl / minute} minutes)`,
    `\`SESSION_TTL\` (${config.sessionTtl / day} days)`,
    `\`ACCESS_TOKEN_TTL\` (${config.accessTokenTtl / minute} minutes)`,
    `\`MAX_SESSIONS_PER_USER\` (${config.maxSessionsPerUser})`,
  ]) {
    expect(page).toContain(text);
  }
});

interface Example {
  logIn(username: string, password: string): Promise<{ username: string }>;
  resume(): Promise<{ username: string } | undefined>;
  changePassword(current: string, next: string): Promise<void>;
  logOut(): Promise<void>;
}

/** The page's code, run with a fetch that has a browser's cookie jar. */
function load(server: TestServer, browser: Browser): Example {
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
  const withCookies = async (url: string, { method, headers, body }: RequestInit) => {
    const path = url.slice('https://auth.example.com'.length);
    const options = { headers: { Origin: 'http://localhost:3000', ...(headers as Record<string, string>) } };
    browser.csrf = undefined;
    const answer = await browser.call(method as string, path, body ? { ...options, body } : options);
    return { status: answer.status, ok: answer.status < 400, json: async () => answer.body };
  };
  expect(server.config.publicUrl).toBe('http://localhost:3000');
  const script = `${code.replaceAll('export ', '')}\nreturn { logIn, resume, changePassword, logOut };`;
  return new Function('fetch', script)(withCookies);
}

test('the example for pages logs in, resumes after a reload, changes the password and logs out', async () => {
  const server = await TestServer.start();
  try {
    await server.client.post('/register', { body: { username: 'ana', password: PASSWORD } });
    const browser = new Browser(server);
    const first = load(server, browser);
    expect(await first.resume()).toBeUndefined();
    await expect(first.logIn('ana', 'wrong')).rejects.toMatchObject({ status: 401, code: 'invalid_credentials' });
    expect(await first.logIn('ana', PASSWORD)).toMatchObject({ username: 'ana' });
    // A reload loses the token but keeps the cookie.
    const second = load(server, browser);
    expect(await second.resume()).toMatchObject({ username: 'ana' });
    await second.changePassword(PASSWORD, 'another passphrase, as uncommon');
    await second.logOut();
    expect(await second.resume()).toBeUndefined();
  } finally {
    await server.stop();
  }
});
