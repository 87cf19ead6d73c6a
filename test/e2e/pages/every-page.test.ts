import type { PageRequest } from '../../../src/pages/page-routes.js';
import { Pages } from '../../../src/pages/pages.js';
import type { AuthError } from '../../../src/problems/auth-error.js';
import { InternalError, Unavailable } from '../../../src/problems/http.errors.js';
import { headingOf, PAGES, PAGES_WITH_CODE, PagesServer } from '../../support/account-pages.js';
import { expectProblem } from '../../support/matchers.js';

/** What every page has in common: headers, languages, escaping, errors. */
let pages: PagesServer;
beforeAll(async () => {
  pages = await PagesServer.start();
});
afterAll(() => pages.stop());

const NEW_PASSWORD = 'another horse, another staple';
const NO_TOKEN = 'x'.repeat(43);

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
