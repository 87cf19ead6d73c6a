import { DataSource } from 'typeorm';
import { headingOf, linkIn, PagesServer, tokenIn } from '../../support/account-pages.js';
import { launchChromium, openTab, testInChromium, violations } from '../../support/chromium.js';
import { PASSWORD } from '../../support/client.js';
import { addFactor, type TestFactor } from '../../support/factor-users.js';

/** The page that asks for a second factor after a sign-in by mail. */
let pages: PagesServer;
let username: string;
let factor: TestFactor;
let users = 0;
beforeAll(async () => {
  pages = await PagesServer.start({ TRUSTED_DEVICE_TTL: '30d' });
});
beforeEach(async () => {
  username = `user-${++users}`;
  await pages.registerVerified(username, PASSWORD);
  factor = await addFactor(pages.server, username);
});
afterAll(() => pages.stop());

const PATH = '/account/second-factor';
/** The link of a mail to sign in with. Notices may arrive before it. */
const signInLink = async () => {
  await pages.client.post('/auth/mail-code', { body: { email: `${username}@example.com` } });
  let link: string | undefined;
  while (!link?.startsWith('/account/sign-in')) link = linkIn(await pages.mailTo(username));
  return link;
};
const signInToken = async () => tokenIn(await signInLink());
const hiddenToken = ({ text }: { text: string }) =>
  /<input type="hidden" name="token" value="([^"]{43})">/.exec(text)?.[1] as string;
const sessionCookie = ({ headers }: { headers: Headers }) =>
  headers
    .getSetCookie()
    .map((line) => line.split(';')[0] as string)
    .find((pair) => pair.startsWith('portero='));
/** The form that follows the link of a mail. @returns its token */
async function askForCode(headers: Record<string, string> = {}): Promise<string> {
  const asked = await pages.submit('/account/sign-in', { token: await signInToken() }, headers);
  expect([asked.status, headingOf(asked), sessionCookie(asked)]).toEqual([200, 'Enter a code', undefined]);
  expect(asked.text).toContain(`action="${PATH}`);
  return hiddenToken(asked);
}

test('asks for a code before it starts a session, in the language of the browser [ASVS 6.3.4]', async () => {
  const token = await askForCode();
  const done = await pages.submit(PATH, { token, second_factor: ` ${factor.totp()} ` });
  expect([done.status, headingOf(done)]).toEqual([200, 'You are signed in']);
  const me = await pages.client.get('/users/me', { headers: { Cookie: sessionCookie(done) as string } });
  expect(me.body).toMatchObject({ username });
  const spanish = await pages.submit('/account/sign-in', { token: await signInToken() }, { 'Accept-Language': 'es' });
  expect(headingOf(spanish)).toBe('Introduzca un código');
});

test('accepts a recovery code, and trusts the device then', async () => {
  const token = await askForCode();
  const done = await pages.submit(PATH, { token, second_factor: (factor.recoveryCodes[0] as string).toLowerCase() });
  expect(done.status).toBe(200);
  const device = done.headers
    .getSetCookie()
    .find((line) => line.startsWith('portero-device='))
    ?.split(';')[0] as string;
  const next = await pages.submit('/account/sign-in', { token: await signInToken() }, { Cookie: device });
  expect(headingOf(next)).toBe('You are signed in');
});

test('shows the form again after a wrong code, without what was typed, and ends after five [ASVS 6.6.3]', async () => {
  const token = await askForCode();
  const empty = await pages.submit(PATH, { token, second_factor: ' ' });
  expect([empty.status, headingOf(empty)]).toEqual([400, 'Enter a code']);
  expect(empty.text).toContain('<li>Fill in this field.</li>');
  for (let n = 0; n < 5; n++) {
    const wrong = await pages.submit(PATH, { token, second_factor: 'ABCDE-FGHJK' });
    expect([wrong.status, headingOf(wrong), hiddenToken(wrong)]).toEqual([401, 'Enter a code', token]);
    expect(wrong.text).toContain('The code is wrong, or it was used before.');
    expect(wrong.text).not.toContain('value="ABCDE-FGHJK"');
  }
  const late = await pages.submit(PATH, { token, second_factor: factor.totp() });
  expect([late.status, headingOf(late)]).toEqual([401, 'This sign-in has expired']);
  expect(late.text).toContain('Sign in again.');
  expect(sessionCookie(late)).toBe(undefined);
});

test('says that the sign-in has expired after five minutes, after its use and without a token', async () => {
  const token = await askForCode();
  pages.server.clock.advance(300_000);
  const answers = [await pages.submit(PATH, { token, second_factor: factor.totp() })];
  const used = await askForCode();
  expect((await pages.submit(PATH, { token: used, second_factor: factor.totp() })).status).toBe(200);
  answers.push(await pages.submit(PATH, { token: used, second_factor: factor.totp() }));
  answers.push(await pages.submit(PATH, { second_factor: factor.totp() }), await pages.client.get(PATH));
  expect(answers.map(headingOf)).toEqual(Array(4).fill('This sign-in has expired'));
});

test('is refused if another site sends the form [attack: login CSRF]', async () => {
  const token = await askForCode();
  const fields = { token, second_factor: factor.recoveryCodes[0] as string };
  for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'https://evil.example' }]) {
    const refused = await pages.submit(PATH, fields, headers);
    expect([refused.status, headingOf(refused), sessionCookie(refused)]).toEqual([
      403,
      'Another site sent this request',
      undefined,
    ]);
  }
  expect((await pages.submit(PATH, fields)).status).toBe(200);
});

test('a user whose only factor is a passkey, and one who must set a factor up, are asked to use the app', async () => {
  const database = pages.server.get(DataSource);
  await database.query('DELETE FROM totp_secrets');
  await database.query(
    `INSERT INTO passkeys (id, user_id, credential_id, public_key, counter, transports, backup_eligible, backed_up, name, created_at)
     SELECT gen_random_uuid(), id, '\\x01', '\\x02', 0, '{}', false, false, 'key', now() FROM users WHERE username = $1`,
    [username],
  );
  const passkey = await pages.submit('/account/sign-in', { token: await signInToken() });
  expect([passkey.status, headingOf(passkey), sessionCookie(passkey)]).toEqual([
    403,
    'Sign in with the app',
    undefined,
  ]);
  expect(passkey.text).toContain('Your account is protected by a passkey.');
  await pages.server.restart({ MFA: 'required' });
  username = `user-${++users}`;
  await pages.registerVerified(username, PASSWORD);
  const none = await pages.submit('/account/sign-in', { token: await signInToken() });
  expect([none.status, headingOf(none), sessionCookie(none)]).toEqual([403, 'Sign in with the app', undefined]);
  expect(none.text).toContain('your account has none yet');
  await pages.server.restart({ MFA: 'off' });
  expect((await pages.client.get(`${PATH}?token=${'x'.repeat(43)}`)).status).toBe(404);
  await pages.server.restart({ MFA: 'optional' });
});

testInChromium('works in a browser without scripts, and axe finds nothing', async () => {
  const browser = await launchChromium();
  try {
    for (const javaScriptEnabled of [true, false]) {
      const { page } = await openTab(browser, { javaScriptEnabled, bypassCSP: true });
      if (javaScriptEnabled) {
        const token = await askForCode();
        await page.goto(`${pages.client.url}${PATH}?token=${token}`);
        expect(await violations(page)).toEqual([]);
      } else {
        await page.goto(pages.client.url + (await signInLink()));
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByRole('textbox', { name: 'Code' }).fill('000000');
        await page.keyboard.press('Enter');
        await page.getByRole('alert').getByText('The code is wrong').waitFor();
        await page.getByRole('textbox', { name: 'Code' }).fill(factor.totp());
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
        expect((await page.context().cookies()).map(({ name }) => name)).toContain('portero');
      }
      await page.context().close();
    }
  } finally {
    await browser?.close();
  }
});
