import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { linkIn, PAGES, PagesServer } from '../../support/account-pages.js';
import { launchChromium, openTab, testInChromium, violations } from '../../support/chromium.js';
import { PASSWORD } from '../../support/client.js';

/** The pages of the account in a browser: without scripts, with the keyboard, for screen readers and on a phone. */
let pages: PagesServer;
let browser: Browser | undefined;
beforeAll(async () => {
  pages = await PagesServer.start();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await pages.stop();
});

const TOKEN = 'x'.repeat(43);
const LOOKS: [string, BrowserContextOptions][] = [
  ['in light mode', {}],
  ['in dark mode on a phone', { viewport: { width: 320, height: 640 }, colorScheme: 'dark', locale: 'es-ES' }],
];

/** Fills the form with wrong values and presses the button. */
async function submitWrong(page: Page): Promise<void> {
  for (const input of await page.locator('input:not([type=hidden])').all()) await input.fill('wrong');
  if ((await page.locator('button').count()) > 0) await page.locator('button').click();
}

for (const [name, look] of LOOKS) {
  testInChromium(`axe finds nothing on any page ${name}, and nothing is cut off`, async () => {
    // A script of axe runs beside the page's Content-Security-Policy.
    const { page, errors } = await openTab(browser, { ...look, bypassCSP: true });
    for (const path of PAGES) {
      for (const url of [`${path}?token=${TOKEN}`, path]) {
        await page.goto(pages.client.url + url);
        for (const state of ['shown', 'submitted']) {
          if (state === 'submitted') await submitWrong(page);
          expect([url, state, await violations(page)]).toEqual([url, state, []]);
          const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
          expect([url, state, overflow]).toEqual([url, state, 0]);
        }
      }
    }
    expect(errors.filter((error) => !/status of 4\d\d/.test(error))).toEqual([]);
    await page.context().close();
  });
}

testInChromium('a forgotten password is replaced without scripts, with the keyboard only', async () => {
  await pages.registerVerified('kim', PASSWORD);
  const { page, errors } = await openTab(browser, { javaScriptEnabled: false });
  await page.goto(`${pages.client.url}/account/forgot-password`);
  await page.keyboard.press('Tab');
  await page.keyboard.type('kim');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Check your inbox' }).waitFor();
  await page.goto(pages.client.url + linkIn(await pages.mailTo('kim')));
  await page.keyboard.press('Tab');
  await page.keyboard.type('password1');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('Check the marked fields.').waitFor();
  // The focus is on the field with the error already.
  await page.keyboard.type('another horse, another staple');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Your password is changed' }).waitFor();
  expect(page.url()).not.toContain('token');
  expect(errors.filter((error) => !/status of 4\d\d/.test(error))).toEqual([]);
  await page.context().close();
});

testInChromium('the keyboard reaches the fields, the button and the links in the order of the page', async () => {
  const { page } = await openTab(browser, { bypassCSP: true });
  await page.goto(`${pages.client.url}/account/reset-password`);
  const order: string[] = [];
  for (let key = 0; key < 6; key += 1) {
    await page.keyboard.press('Tab');
    order.push(await page.evaluate('document.activeElement.id || document.activeElement.textContent.trim()'));
  }
  expect(order).toEqual(['email', 'code', 'new_password', 'Save new password', 'Request a new mail', 'Español']);
  await page.context().close();
});

testInChromium('a screen reader hears the label, the hint and the error of a field', async () => {
  const { page } = await openTab(browser);
  await page.goto(`${pages.client.url}/account/reset-password?token=${TOKEN}`);
  await page.locator('button').click();
  const field = page.getByRole('textbox', { name: 'New password' });
  await field.waitFor();
  const said = await page.locator('main').ariaSnapshot();
  expect(said).toContain('heading "Choose a new password" [level=1]');
  expect(said).toContain('alert');
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  const ids = (await field.getAttribute('aria-describedby'))?.split(' ') ?? [];
  const texts = await Promise.all(
    ids.map((id) =>
      page
        .locator(`#${id}`)
        .textContent()
        .then((text) => text?.trim()),
    ),
  );
  expect(texts).toEqual(['At least 8 characters. Spaces are allowed.', 'Fill in this field.']);
  await page.context().close();
});

testInChromium('the sign-in of a mail starts a session, and another site can not start one', async () => {
  await pages.registerVerified('lea', PASSWORD);
  await pages.client.post('/auth/mail-code', { body: { email: 'lea@example.com' } });
  const link = pages.client.url + linkIn(await pages.mailTo('lea'));
  const { page } = await openTab(browser, { javaScriptEnabled: false });
  const token = new URL(link).searchParams.get('token');
  const action = `${pages.client.url}/account/sign-in`;
  await page.route('https://evil.example/', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<form method="post" action="${action}"><input name="token" value="${token}"><button>Win</button></form>`,
    }),
  );
  await page.goto('https://evil.example/');
  await page.getByRole('button').click();
  await page.getByRole('heading', { name: 'Another site sent this request' }).waitFor();
  expect(await page.context().cookies()).toEqual([]);
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
  expect((await page.context().cookies()).map(({ name }) => name)).toContain('portero');
  await page.context().close();
});
