import type { PageRequest } from '../../../src/pages/page-routes.js';
import { Pages } from '../../../src/pages/pages.js';
import type { AuthError } from '../../../src/problems/auth-error.js';
import { InternalError, Unavailable } from '../../../src/problems/http.errors.js';
import {
  codeIn,
  headingOf,
  linkIn,
  PAGES,
  PAGES_WITH_CODE,
  PagesServer,
  tokenIn,
} from '../../support/account-pages.js';
import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';

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

describe('every page', () => {
  test.each(PAGES)('%s has no scripts, allows none, and is neither stored nor framed', async (path) => {
    for (const answer of [
      await pages.client.get(`${path}?token=${NO_TOKEN}`),
      await pages.submit(path, { token: NO_TOKEN, new_password: NEW_PASSWORD, login: 'x' }),
    ]) {
      const { text, headers } = answer;
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      const policy = headers.get('content-security-policy');
      for (const part of ["default-src 'none'", "script-src 'none'", "form-action 'self'", "frame-ancestors 'none'"]) {
        expect(policy).toContain(part);
      }
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(text).not.toMatch(/<script|<style|style="| on\w+=/);
      expect(text.match(/(?:src|href)="https?:/)).toBe(null);
    }
  });

  test.each(PAGES)('%s is in the preferred language, or in the chosen one', async (path) => {
    const url = `${path}?token=${NO_TOKEN}`;
    const spanish = await pages.client.get(url, { headers: { 'Accept-Language': 'es-MX' } });
    expect(spanish.text).toContain('<html lang="es">');
    expect([spanish.headers.get('content-language'), spanish.headers.get('vary')]).toEqual(['es', 'Accept-Language']);
    const [, link = ''] = /<a href="([^"]*)" lang="en" hreflang="en">English<\/a>/.exec(spanish.text) ?? [];
    const english = await pages.client.get(link.replaceAll('&amp;', '&'), { headers: { 'Accept-Language': 'es-MX' } });
    expect(english.text).toContain('<html lang="en">');
    expect(english.text).toContain(`action="${path}?lang=en"`);
    if (path !== '/account/forgot-password') expect(english.text).toContain(NO_TOKEN);
  });

  test.each(PAGES)('%s escapes a hostile token and hostile fields', async (path) => {
    const hostile = '"><script>alert(1)</script>\'&\u202E';
    const shown = await pages.client.get(`${path}?token=${encodeURIComponent(hostile)}`);
    const sent = await pages.submit(path, { email: hostile, code: hostile, login: '', new_password: '' });
    for (const { text } of [shown, sent]) expect(text).not.toContain('<script');
    if (path !== '/account/forgot-password') expect(shown.text).toContain('value="&quot;&gt;&lt;script&gt;');
  });

  test.each(PAGES)('the form of %s works with a session cookie beside it, which is not used', async (path) => {
    const fields = { token: NO_TOKEN, new_password: NEW_PASSWORD, login: 'x' };
    const without = await pages.submit(path, fields);
    const beside = await pages.submit(path, fields, { Cookie: 'portero=nothing' });
    expect([beside.status, beside.text]).toEqual([without.status, without.text]);
  });

  test.each(PAGES)(
    '%s shows every error as a page: JSON, a repeated field, a NUL, a body that is too large',
    async (path) => {
      const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const answers = [
        await pages.client.post(path, { body: { token: NO_TOKEN } }),
        await pages.client.post(path, { body: 'token=x&token=y', headers: form }),
        await pages.submit(path, { login: 'a\0', email: 'a\0', code: 'x', new_password: 'x'.repeat(12) }),
        await pages.client.post(path, { body: `login=${'x'.repeat(40_000)}`, headers: form }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([415, 400, 400, 413]);
      for (const { text, headers } of answers) {
        expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
        expect(text).toContain('<title>Error: ');
      }
    },
  );

  test.each(PAGES_WITH_CODE)('the form of %s without a token marks each empty field', async (path) => {
    const shown = await pages.client.get(path);
    const fields = shown.text.match(/ required/g)?.length ?? 0;
    expect(fields).toBeGreaterThan(0);
    const sent = await pages.submit(path, {});
    expect(sent.status).toBe(400);
    expect(sent.text.match(/<li>Fill in this field\.<\/li>/g)).toHaveLength(fields);
    expect(sent.text.match(/autofocus/g)).toHaveLength(1);
  });

  test.each(['/account/confirm-email', '/account/undo-email-change'])(
    '%s without a token asks for the link',
    async (path) => {
      for (const answer of [await pages.client.get(path), await pages.submit(path, {})]) {
        expect(headingOf(answer)).toBe('This link does not work');
        expect(answer.status).toBe(400);
      }
    },
  );
});

test('a JSON client gets problem details from every other path, and no route accepts a form by mistake', async () => {
  expectProblem(await pages.client.get('/account/nothing'), 404, 'not_found');
  expectProblem(await pages.submit('/auth/password/reset', { token: NO_TOKEN }), 415, 'unsupported_media_type');
});

test('a rate limit is a page that says how long to wait', async () => {
  const limited = await PagesServer.start({ RATE_LIMIT: 'on', LIMIT_CODES: '1/10m' });
  await limited.submit('/account/verify-email', { token: NO_TOKEN });
  const refused = await limited.submit('/account/verify-email', { token: NO_TOKEN }, { 'Accept-Language': 'es' });
  expect([refused.status, headingOf(refused)]).toEqual([429, 'Demasiados intentos']);
  expect(refused.text).toMatch(/Espere (10|9) minutos/);
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  await limited.stop();
});

test('an error of the service is a page that says what to do', async () => {
  const routeOptions = { config: { page: 'verify_email' } };
  const request = { method: 'POST', query: {}, headers: {}, id: 'x', routeOptions } as unknown as PageRequest;
  const page = (error: AuthError) => pages.server.get(Pages).problem(error, request)?.html;
  expect(page(new Unavailable({ retryAfterSeconds: 30 }))).toContain('Wait 30 seconds, then go back and try again.');
  expect(page(new InternalError())).toContain('Report the request_id to its operator.');
});

test('the stylesheet is kept by browsers as long as it has not changed', async () => {
  const { text } = await pages.client.get('/account/forgot-password');
  const [, href = ''] = /<link rel="stylesheet" href="([^"]+)">/.exec(text) ?? [];
  const { status, headers, text: css } = await pages.client.get(href);
  expect([status, headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
  expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(css).toContain('--button: #2347a8;');
  const other = await pages.client.get('/pages/portero.css?v=other');
  expect([other.status, other.headers.get('cache-control')]).toEqual([200, 'no-store']);
});
