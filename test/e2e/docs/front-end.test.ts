import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { launchChromium, testInChromium } from '../../support/chromium.js';
import { PASSWORD } from '../../support/client.js';
import { codeBlock } from '../../support/code-blocks.js';
import { TestServer } from '../../support/server.js';

/** The examples of docs/front-end.md, as pages of another origin in a browser. */
const PAGE = 'docs/front-end.md';

let folder: string;
let pages: Server;
let server: TestServer;
let browser: Browser | undefined;
let page: Page;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portero-pages-'));
  const files: Record<string, string> = {};
  pages = createServer(({ url = '/' }, response) => {
    const type = url.endsWith('.js') ? 'text/javascript' : 'text/html';
    response.setHeader('Content-Type', type).end(files[url.slice(1)]);
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  server = await TestServer.start({ CORS_ORIGINS: origin() });
  Object.assign(files, build());
  await server.client.post('/auth/register', { body: { username: 'ana', password: PASSWORD } });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await new Promise((resolve) => pages.close(resolve));
  await server.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  if (browser) page = await (await browser.newContext()).newPage();
});

const origin = () => `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;

/** The three examples, with the URL of the server and nothing else replaced. */
function build(): Record<string, string> {
  const code = (part: string) => codeBlock(PAGE, part).replaceAll('http://localhost:3000', server.client.url);
  writeFileSync(join(folder, 'portero.js'), code('// portero.js'));
  writeFileSync(join(folder, 'app.jsx'), code('// app.jsx'));
  const { outputFiles } = buildSync({
    entryPoints: [join(folder, 'app.jsx')],
    bundle: true,
    write: false,
    jsx: 'automatic',
    nodePaths: ['node_modules'],
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return {
    'plain.html': code('<!doctype html>'),
    'portero.js': code('// portero.js'),
    'react.html': '<!doctype html><div id="root"></div><script src="app.js"></script>',
    'app.js': outputFiles[0]?.text ?? '',
  };
}

async function logIn(name: string, password: string): Promise<void> {
  await page.fill('[name=username]', name);
  await page.fill('[name=password]', password);
  await page.click('button');
}

testInChromium('the plain page says why a login fails, and greets the user', async () => {
  await page.goto(`${origin()}/plain.html`);
  await logIn('ana', 'wrong');
  await page.getByText('The username, the email address or the password is wrong.').waitFor();
  await logIn('ana', PASSWORD);
  await page.getByText('Hello, ana').waitFor();
});

testInChromium(
  'the React page stays logged in over a reload and an expired access token, until it logs out',
  async () => {
    await page.goto(`${origin()}/react.html`);
    await logIn('ana', 'wrong');
    await page.getByText('The username, the email address or the password is wrong.').waitFor();
    await logIn('ana', PASSWORD);
    await page.getByText('Hello, ana').waitFor();
    server.clock.advance(server.config.accessTokenTtl + 1000);
    await page.reload();
    await page.getByText('Hello, ana').waitFor();
    await page.click('button');
    await page.locator('form').waitFor();
    await page.reload();
    await page.locator('form').waitFor();
  },
);

testInChromium(
  'requests that find the access token expired share one refresh, and an ended session logs out',
  async () => {
    await page.goto(`${origin()}/react.html`);
    await logIn('ana', PASSWORD);
    await page.getByText('Hello, ana').waitFor();
    server.clock.advance(server.config.accessTokenTtl + 1000);
    const refreshes: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/auth/refresh')) refreshes.push(request.url());
    });
    const statuses = await page.evaluate(
      async ([module, url]) => {
        const { fetchWithToken } = await import(module as string);
        const responses = await Promise.all([1, 2, 3].map(() => fetchWithToken(`${url}/users/me`)));
        return responses.map(({ status }: Response) => status);
      },
      [`${origin()}/portero.js`, server.client.url],
    );
    expect([statuses, refreshes.length]).toEqual([[200, 200, 200], 1]);

    const { access_token: token } = await server.client.logIn('ana');
    await server.client.call('DELETE', '/auth/sessions', { token });
    const code = await page.evaluate(
      async ([module, url]) => {
        const { fetchWithToken, isLoggedIn } = await import(module as string);
        const error = await fetchWithToken(`${url}/users/me`).catch((problem: { code: string }) => problem);
        return [error.code, isLoggedIn()];
      },
      [`${origin()}/portero.js`, server.client.url],
    );
    expect(code).toEqual(['session_revoked', false]);
  },
);
