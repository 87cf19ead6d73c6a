import { loadConfig } from '../../src/config/config.js';

/** The settings of mail. */
const PORTERO_SECRET = Buffer.alloc(32).toString('base64url');
const load = (env: Record<string, string>) => loadConfig({ PORTERO_SECRET, ...env });
const smtp = (SMTP_URL: string) => load({ SMTP_URL }).config.smtp;

test.each([
  ['smtp://smtp.example.com', { port: 587, tls: 'starttls' }],
  ['smtps://smtp.example.com', { port: 465, tls: 'implicit' }],
  ['smtp://smtp.example.com:2525?tls=required', { port: 2525, tls: 'starttls' }],
  ['smtp://smtp.example.com?tls=off', { port: 587, tls: 'off' }],
  ['smtp://localhost', { host: 'localhost', tls: 'off' }],
  ['smtp://127.0.0.1:25', { port: 25, tls: 'off' }],
  ['smtp://[::1]', { host: '::1', tls: 'off' }],
  ['smtp://localhost?tls=required', { tls: 'starttls' }],
  // Its address is not the one of this machine.
  ['smtp://localhost.example.com', { tls: 'starttls' }],
  ['smtp://me%40example.com:p%40ss%2Fword@smtp.example.com', { user: 'me@example.com', password: 'p@ss/word' }],
])('%s', (url, expected) => {
  expect(smtp(url)).toMatchObject(expected);
});

test.each([
  ['smtp.example.com:587', /^SMTP_URL must be a URL that begins with smtp:\/\/ or smtps:\/\//],
  ['smtp://user@smtp.example.com', /both a user and a password/],
  ['smtp://smtp.example.com/path', /no path/],
  ['smtp://smtp.example.com?tls=maybe', /only the parameter tls=required or tls=off/],
  ['smtp://smtp.example.com?rejectUnauthorized=false', /only the parameter/],
  ['smtp://smtp.example.com?tls=off&tls=required', /only the parameter/],
  ['smtps://smtp.example.com?tls=off', /contradicts itself/],
])('rejects %s', (url, reason) => {
  expect(() => smtp(url)).toThrow(reason);
});

test('warns about mail without encryption, but not to this machine', () => {
  expect(load({ SMTP_URL: 'smtp://relay.internal?tls=off' }).warnings).toEqual([expect.stringMatching(/tls=off/)]);
  expect(load({ SMTP_URL: 'smtp://localhost' }).warnings).toEqual([]);
});

test.each([
  ['no-reply@example.com', { name: '', address: 'no-reply@example.com' }],
  ['Example <no-reply@example.com>', { name: 'Example', address: 'no-reply@example.com' }],
  ['"Example, Ltd." <no-reply@example.com>', { name: 'Example, Ltd.', address: 'no-reply@example.com' }],
])('MAIL_FROM=%s', (MAIL_FROM, expected) => {
  expect(load({ MAIL_FROM }).config.mailFrom).toEqual(expected);
});

test.each(['Example', 'a@x, b@x', 'Example <a@x> <b@x>', 'Exam\r\nBcc: b@x <a@x>', 'a@x\r\nBcc: b@x', '<>'])(
  'rejects MAIL_FROM=%j',
  (MAIL_FROM) => {
    expect(() => load({ MAIL_FROM })).toThrow(/^MAIL_FROM must be an email address/);
  },
);

test.each([
  ['https://auth.example.com/base', 'no-reply@auth.example.com'],
  ['http://192.0.2.1:3000', 'no-reply@[192.0.2.1]'],
  ['http://[2001:db8::1]', 'no-reply@[IPv6:2001:db8::1]'],
])('the default sender for PUBLIC_URL=%s is %s', (PUBLIC_URL, address) => {
  expect(load({ PUBLIC_URL }).config.mailFrom).toEqual({ name: 'Portero', address });
});
