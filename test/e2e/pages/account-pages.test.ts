import { codeIn, headingOf, linkIn, PagesServer, tokenIn } from '../../support/account-pages.js';
import { PASSWORD } from '../../support/client.js';

/** The pages to which the links in mails lead: what they do, and what they say. */
let pages: PagesServer;
beforeAll(async () => {
  pages = await PagesServer.start();
});
afterAll(() => pages.stop());

const NEW_PASSWORD = 'another horse, another staple';
const NO_TOKEN = 'x'.repeat(43);
const me = async (username: string) => {
  const { access_token: token } = await pages.client.logIn(username);
  return (await pages.client.get<{ email: string; email_verified: boolean }>('/users/me', { token })).body;
};

describe('the link to verify an address', () => {
  test('shows a button, and GET and HEAD change nothing', async () => {
    const link = await pages.register('vera', PASSWORD);
    for (const method of ['GET', 'HEAD', 'GET']) {
      const { status, text } = await pages.client.call(method, link);
      expect([method, status]).toEqual([method, 200]);
      if (method === 'GET') expect(text).toContain(`<input type="hidden" name="token" value="${tokenIn(link)}">`);
    }
    expect((await me('vera')).email_verified).toBe(false);
    const done = await pages.submit('/account/verify-email', { token: tokenIn(link) });
    expect([done.status, headingOf(done)]).toEqual([200, 'Your email address is confirmed']);
    expect((await me('vera')).email_verified).toBe(true);
  });

  test('works once, and then says what to do', async () => {
    const link = await pages.register('walt', PASSWORD);
    await pages.submit('/account/verify-email', { token: tokenIn(link) });
    const again = await pages.submit('/account/verify-email', { token: tokenIn(link) });
    expect([again.status, headingOf(again)]).toEqual([400, 'This link does not work']);
    expect(again.text).toContain('Sign in and request a new mail.');
  });

  test('can be replaced by the code', async () => {
    const email = 'xena@example.com';
    await pages.client.post('/auth/register', { body: { username: 'xena', email, password: PASSWORD } });
    const code = codeIn(await pages.mailTo('xena'));
    const wrong = await pages.submit('/account/verify-email', { email, code: 'BCDF-2345' });
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain('The email address or the code is wrong');
    expect(wrong.text).toContain(`value="${email}"`);
    const done = await pages.submit('/account/verify-email', {
      email,
      code: ` ${code.toLowerCase().replace('-', ' ')} `,
    });
    expect([done.status, headingOf(done)]).toEqual([200, 'Your email address is confirmed']);
  });

  test('says that it has expired', async () => {
    const link = await pages.register('yara', PASSWORD);
    pages.server.clock.advance(25 * 3_600_000);
    const late = await pages.submit('/account/verify-email', { token: tokenIn(link) });
    pages.server.clock.advance(-25 * 3_600_000);
    expect([late.status, headingOf(late)]).toEqual([410, 'This link has expired']);
  });
});

describe('a forgotten password', () => {
  test('is replaced by way of the mail, and a rejected password leaves the link usable', async () => {
    await pages.registerVerified('paul', PASSWORD);
    const sent = await pages.submit('/account/forgot-password', { login: 'Paul' });
    expect([sent.status, headingOf(sent)]).toEqual([200, 'Check your inbox']);
    const link = linkIn(await pages.mailTo('paul'));
    expect((await pages.client.get(link)).text).toContain('autocomplete="new-password"');
    const token = tokenIn(link);
    const rejected = await pages.submit('/account/reset-password', { token, new_password: 'password1' });
    expect([rejected.status, headingOf(rejected)]).toEqual([422, 'Choose a new password']);
    expect(rejected.text).toContain('<title>Error: Choose a new password · Portero</title>');
    expect(rejected.text).toMatch(
      /aria-describedby="new_password-hint new_password-error" aria-invalid="true" autofocus/,
    );
    expect(rejected.text).toContain('<li>Do not use a password that is common and easy to guess.</li>');
    expect(rejected.text).not.toContain('password1');
    const empty = await pages.submit('/account/reset-password', { token, new_password: '' });
    expect(empty.text).toContain('<li>Fill in this field.</li>');
    const done = await pages.submit('/account/reset-password', { token, new_password: NEW_PASSWORD });
    expect([done.status, headingOf(done)]).toEqual([200, 'Your password is changed']);
    await pages.client.logIn('paul', NEW_PASSWORD);
  });

  test('is replaced with the code', async () => {
    await pages.registerVerified('rosa', PASSWORD);
    await pages.submit('/account/forgot-password', { login: 'rosa@example.com' });
    const fields = { email: 'rosa@example.com', code: codeIn(await pages.mailTo('rosa')) };
    const rejected = await pages.submit('/account/reset-password', { ...fields, new_password: 'short' });
    expect(rejected.status).toBe(422);
    expect(rejected.text).toContain(`value="${fields.code}"`);
    const done = await pages.submit('/account/reset-password', { ...fields, new_password: NEW_PASSWORD });
    expect([done.status, headingOf(done)]).toEqual([200, 'Your password is changed']);
  });

  test('has the same response for a name that does not exist', async () => {
    await pages.registerVerified('otto', PASSWORD);
    const answers = [];
    for (const login of ['otto', 'nobody', 'nobody@example.com', 'not an@address']) {
      const { status, text } = await pages.submit('/account/forgot-password', { login });
      answers.push(`${status} ${text}`);
    }
    expect(new Set(answers).size).toBe(1);
  });

  test('leads from a link that does not work to a new mail', async () => {
    const { status, text } = await pages.submit('/account/reset-password', {
      token: NO_TOKEN,
      new_password: NEW_PASSWORD,
    });
    expect(status).toBe(400);
    expect(text).toContain('<a href="/account/forgot-password">Request a new mail</a>');
  });
});

test('a changed address is confirmed by the new one, and undone by the previous one', async () => {
  await pages.registerVerified('carl', PASSWORD);
  const { access_token: token } = await pages.client.logIn('carl');
  const body = { email: 'carl2@example.com', current_password: PASSWORD };
  expect((await pages.client.post('/users/me/email', { token, body })).status).toBe(202);
  const confirm = tokenIn(linkIn(await pages.mailTo('carl2')));
  await pages.client.get(`/account/confirm-email?token=${confirm}`);
  expect((await me('carl')).email).toBe('carl@example.com');
  const confirmed = await pages.submit('/account/confirm-email', { token: confirm });
  expect([confirmed.status, headingOf(confirmed)]).toEqual([200, 'Your email address is changed']);
  expect((await me('carl')).email).toBe('carl2@example.com');
  const undo = tokenIn(linkIn(await pages.mailTo('carl')));
  await pages.client.get(`/account/undo-email-change?token=${undo}`);
  expect((await me('carl')).email).toBe('carl2@example.com');
  const undone = await pages.submit('/account/undo-email-change', { token: undo });
  expect([undone.status, headingOf(undone)]).toEqual([200, 'The change is undone']);
  expect((await me('carl')).email).toBe('carl@example.com');
});

describe('sign-in by mail', () => {
  const signInToken = async (username: string) => {
    await pages.client.post('/auth/mail-code', { body: { email: `${username}@example.com` } });
    return tokenIn(linkIn(await pages.mailTo(username)));
  };

  test('starts a cookie session when the button is pressed, not before', async () => {
    await pages.registerVerified('sara', PASSWORD);
    const token = await signInToken('sara');
    const shown = await pages.client.get(`/account/sign-in?token=${token}`);
    expect([shown.status, shown.headers.get('set-cookie')]).toEqual([200, null]);
    const done = await pages.submit('/account/sign-in', { token }, { 'Sec-Fetch-Site': 'same-origin' });
    expect([done.status, headingOf(done)]).toEqual([200, 'You are signed in']);
    const [cookie = ''] = done.headers.getSetCookie().map((one) => one.split(';')[0] as string);
    expect((await pages.client.get('/users/me', { headers: { Cookie: cookie } })).body).toMatchObject({
      username: 'sara',
    });
  });

  test('is refused if another site sends the form, and the link still works', async () => {
    await pages.registerVerified('tina', PASSWORD);
    const token = await signInToken('tina');
    for (const site of ['cross-site', 'same-site']) {
      const refused = await pages.submit('/account/sign-in', { token }, { 'Sec-Fetch-Site': site });
      expect([refused.status, headingOf(refused)]).toEqual([403, 'Another site sent this request']);
      expect(refused.headers.get('set-cookie')).toBe(null);
    }
    // Older browsers do not send Sec-Fetch-Site.
    const foreign = await pages.submit('/account/sign-in', { token }, { Origin: 'https://evil.example' });
    expect([foreign.status, headingOf(foreign)]).toEqual([403, 'Another site sent this request']);
    expect((await pages.submit('/account/sign-in', { token })).status).toBe(200);
  });

  test('has no page with MAIL_SIGN_IN=off', async () => {
    await pages.server.restart({ MAIL_SIGN_IN: 'off' });
    const shown = await pages.client.get(`/account/sign-in?token=${NO_TOKEN}`);
    const sent = await pages.submit('/account/sign-in', { token: NO_TOKEN });
    await pages.server.restart({ MAIL_SIGN_IN: 'on' });
    expect([shown.status, sent.status]).toEqual([404, 404]);
    expect(headingOf(shown)).toBe('Not found');
  });
});
