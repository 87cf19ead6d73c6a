import type { Language } from '../problems/language.js';
import type { Mail } from './mail.js';

const LANGUAGES: Language[] = ['en', 'es'];
const name = 'ana';
const at = '2026-03-05T14:30:00.000Z';
const expiresAt = '2026-03-05T15:30:00.000Z';
const code = 'BCDF-2345';
const newEmail = 'ana@new.example';
const page = (path: string) => `https://auth.example.com/account/${path}`;
const linkTo = (path: string) => page(`${path}?token=XzlQ7dK2mVbS4wNf0tRy`);
const forgot = page('forgot-password');

/** One mail of each kind in each language. Replaced templates are tried with them at the start. */
export const EXAMPLE_MAILS: readonly Mail[] = LANGUAGES.flatMap((language): Mail[] => {
  const to = { to: 'ana@example.com', language };
  return [
    { ...to, name: 'verify_email', contents: { name, link: linkTo('verify-email'), code, expiresAt } },
    { ...to, name: 'reset_password', contents: { name, link: linkTo('reset-password'), code, expiresAt } },
    { ...to, name: 'sign_in', contents: { name, link: linkTo('sign-in'), code, expiresAt } },
    {
      ...to,
      name: 'confirm_email_change',
      contents: { name, link: linkTo('confirm-email'), code, expiresAt, newEmail },
    },
    {
      ...to,
      name: 'email_changed',
      contents: { name, link: linkTo('undo-email-change'), at, newEmail, undoUntil: '2026-03-08T14:30:00.000Z' },
    },
    { ...to, name: 'already_registered', contents: { name, link: forgot } },
    {
      ...to,
      name: 'new_device',
      contents: { name, link: forgot, at, device: 'Firefox on Windows', ip: '203.0.113.7' },
    },
    { ...to, name: 'password_changed', contents: { name, link: forgot, at } },
    { ...to, name: 'account_locked', contents: { name, link: forgot, at } },
    { ...to, name: 'second_factor_added', contents: { name, link: forgot, at, method: 'totp' } },
    { ...to, name: 'second_factor_removed', contents: { name, link: forgot, at, method: 'passkey' } },
    { ...to, name: 'recovery_code_used', contents: { name, link: forgot, at, codesLeft: 9 } },
  ];
});
