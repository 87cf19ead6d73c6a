import type { Browser } from 'playwright-core';
import { launchChromium, openTab, testInChromium, violations } from '../../support/chromium.js';
import { Client, PASSWORD } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/engine.js';
import { freePort } from '../../support/other-program.js';
import { ServerProcess } from '../../support/process.js';
import { SwaggerPage } from '../../support/swagger-page.js';

/** Swagger UI in a browser, with the built server. */
let browser: Browser | undefined;
let database: TestDatabase;
let url: string;
beforeAll(async () => {
  database = await createDatabase();
  const port = await freePort();
  url = `http://localhost:${port}`;
  await ServerProcess.start({ ...database.env, PORT: String(port), PUBLIC_URL: url });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await ServerProcess.killAll();
  await database.drop();
});

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

async function open(options = {}): Promise<SwaggerPage & { errors: string[] }> {
  const { page, errors } = await openTab(browser, options);
  const docs = new SwaggerPage(page, url);
  await docs.open();
  return Object.assign(docs, { errors });
}

/** One page for the tests that only look at it. */
let opened: ReturnType<typeof open> | undefined;
function shared(): ReturnType<typeof open> {
  opened ??= open();
  return opened;
}

testInChromium('register, login, protected, refresh and logout work by Execute, also after a reload', async () => {
  const docs = await open();
  expect(await docs.session()).toBe('Not logged in');
  expect(await docs.execute('Auth-register')).toBe(201);
  expect(await docs.execute('Auth-login')).toBe(200);
  expect(await docs.session()).toBe('Logged in as sofia with an access token');
  const { refresh_token: first } = await docs.bodyOf('Auth-refresh');
  const stored = await docs.page.evaluate('JSON.stringify(sessionStorage)');
  expect(stored).toContain(first);
  expect(stored).not.toContain('correct horse');
  await docs.open();
  expect(await docs.session()).toBe('Logged in as sofia with an access token');
  expect(await docs.execute('Auth-showLoggedIn')).toBe(200);
  expect(await docs.bodyOf('Auth-refresh')).toEqual({ refresh_token: first });
  expect(await docs.execute('Auth-refresh')).toBe(200);
  expect((await docs.bodyOf('Auth-refresh')).refresh_token).not.toBe(first);
  expect(await docs.execute('Auth-logout')).toBe(204);
  expect(await docs.session()).toBe('Not logged in');
  expect(await docs.page.evaluate('sessionStorage.getItem("portero.session")')).toBe('{}');
  expect(docs.errors).toEqual([]);
  expect(await docs.execute('Auth-showLoggedIn')).toBe(401);
});

testInChromium(
  'after a cookie login the page sends the CSRF token, also after a reload and a new password',
  async () => {
    await new Client(url).post('/auth/register', { body: { username: 'baker', password: PASSWORD } });
    const docs = await open();
    await docs.execute('Auth-login', { username: 'baker', password: PASSWORD, transport: 'cookie' });
    expect(await docs.session()).toBe('Logged in as baker with a session cookie');
    await docs.open();
    const passwords = { current_password: PASSWORD, new_password: 'another horse, another staple' };
    const renewed = docs.page.waitForResponse('**/auth/csrf');
    expect(await docs.execute('Users-changePassword', passwords)).toBe(204);
    await renewed;
    expect(await docs.execute('Auth-postLoggedIn')).toBe(200);
    expect(await docs.execute('Auth-logout')).toBe(204);
    expect(await docs.session()).toBe('Not logged in');
    expect(docs.errors).toEqual([]);
  },
);

testInChromium('after a password change, the login and deletion examples contain the new password', async () => {
  const docs = await open();
  await docs.execute('Auth-register', { username: 'changer', password: PASSWORD });
  expect(await docs.bodyOf('Auth-login')).toEqual({ username: 'changer', password: PASSWORD });
  await docs.execute('Auth-login');
  expect(await docs.bodyOf('Users-changePassword')).toMatchObject({ current_password: PASSWORD });
  expect(await docs.execute('Users-changePassword')).toBe(204);
  expect(await docs.execute('Auth-login')).toBe(200);
  expect(await docs.execute('Users-deleteMe')).toBe(204);
  expect(await docs.session()).toBe('Not logged in');
  expect(docs.errors).toEqual([]);
});

testInChromium('Authorize begins with the access token and has no box for a cookie', async () => {
  const { page } = await shared();
  await page.locator('.btn.authorize').first().click();
  await page.locator('.auth-container #auth-bearer-value:focus').waitFor();
  expect(await page.locator('.auth-container h4 code').allTextContents()).toEqual(['bearer', 'basic']);
  await page.locator('.close-modal').click();
});

testInChromium('routes that need no token have no lock, and the short paths come last, closed', async () => {
  const docs = await shared();
  const locks = (id: string) => docs.operation(id).locator('.authorization__btn').count();
  for (const id of ['Auth-register', 'Auth-login', 'Auth-refresh', 'Service-showKeys'])
    expect([id, await locks(id)]).toEqual([id, 0]);
  for (const id of ['Auth-showLoggedIn', 'Auth-logout', 'Service-introspect'])
    expect([id, await locks(id)]).toEqual([id, 1]);
  const tags = docs.page.locator('.opblock-tag');
  expect(
    await tags.evaluateAll((all) => all.map((tag) => [tag.getAttribute('data-tag'), tag.getAttribute('data-is-open')])),
  ).toEqual([
    ['Auth', 'true'],
    ['Email', 'true'],
    ['Users', 'true'],
    ['Service', 'true'],
    ['Short paths', 'false'],
  ]);
});

testInChromium('the errors of an operation are one closed list with links to their explanations', async () => {
  const docs = await shared();
  const register = await docs.expand('Auth-register');
  // 201, and 202 with private registration.
  expect(await register.locator('.responses-table .response').count()).toBe(2);
  const list = register.locator('details.errors');
  expect(await list.getAttribute('open')).toBeNull();
  await list.locator('summary').click();
  const item = list.locator('li', { hasText: 'username_taken' });
  expect(await item.textContent()).toMatch(/^username_taken409The username/);
  expect(await list.locator('pre').textContent()).toContain('"pointer": "/username"');
  await item.locator('a').click();
  await docs.page.waitForURL('**/docs/errors#username_taken');
  expect(await docs.page.locator(':target').textContent()).toContain('409');
  expect(docs.errors).toEqual([]);
});

testInChromium('on a phone nothing is wider than the screen', async () => {
  const docs = await open(PHONE);
  expect(await docs.overflows()).toBe(false);
  await docs.execute('Auth-register', { username: 'phone', password: PASSWORD });
  await docs.execute('Auth-login');
  for (const details of await docs.page.locator('details.errors summary').all()) await details.click();
  await docs.expand('Users-listMyEvents');
  expect(await docs.overflows()).toBe(false);
  await docs.page.goto(`${url}/docs/errors`);
  expect(await docs.overflows()).toBe(false);
  expect(docs.errors).toEqual([]);
});

testInChromium('both pages follow the dark mode of the system', async () => {
  const { page } = await openTab(browser);
  for (const path of ['/docs', '/docs/errors']) {
    await page.goto(url + path);
    for (const [colorScheme, background] of [
      ['dark', 'rgb(17, 21, 28)'],
      ['light', 'rgb(246, 247, 249)'],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(background);
    }
  }
});

testInChromium('both pages meet the rules of WCAG 2.1 AA that axe checks', async () => {
  const docs = await shared();
  await docs.open();
  await docs.execute('Auth-register', { username: 'reader', password: PASSWORD });
  await docs.expand('Users-listMyEvents');
  for (const colorScheme of ['light', 'dark'] as const) {
    await docs.page.emulateMedia({ colorScheme });
    // Swagger UI has a link in the button that opens an operation. The size of targets is a rule of WCAG 2.2.
    expect(await violations(docs.page, ['nested-interactive', 'target-size'])).toEqual([]);
  }
  await docs.page.goto(`${url}/docs/errors`);
  expect(await violations(docs.page)).toEqual([]);
});
