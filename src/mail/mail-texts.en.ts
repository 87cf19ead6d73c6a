import type { FactorKind, MailName } from './mail.js';

/** The text of one mail. `{brand}` and `{newEmail}` are replaced. */
export interface MailText {
  subject: string;
  heading: string;
  /** What has happened, and what the link is for. */
  intro: readonly string[];
  /** The link, as a button. */
  button: string;
  /** What else to do, after the link. */
  closing: readonly string[];
}

export interface MailTexts {
  mails: Record<MailName, MailText>;
  /** `{name}` is replaced. */
  greeting: string;
  greetingWithoutName: string;
  /** Before the link as text. */
  linkAsText: string;
  /** Before the code. */
  code: string;
  /** `{time}` is replaced. */
  validUntil: string;
  /** The labels of what is known about an event. */
  facts: Record<'newEmail' | 'method' | 'codesLeft' | 'at' | 'device' | 'ip' | 'undoUntil', string>;
  methods: Record<FactorKind, string>;
  /** `{brand}` is replaced. */
  footer: string;
  /** `{day}`, `{month}`, `{year}` and `{time}` are replaced. */
  date: string;
}

const NEW_PASSWORD = 'Choose a new password';

export const en: MailTexts = {
  mails: {
    verify_email: {
      subject: 'Confirm your email address for {brand}',
      heading: 'Confirm your email address',
      intro: [
        'This address was entered for an account at {brand}. Confirm that it is yours: open the page and press “Confirm address”.',
      ],
      button: 'Confirm address',
      closing: ['If you did not enter it, ignore this mail. The address will not be confirmed.'],
    },
    reset_password: {
      subject: 'Choose a new password for {brand}',
      heading: NEW_PASSWORD,
      intro: [
        'Somebody asked for a new password for your account at {brand}. If it was you, open the page and choose one. All devices are then signed out.',
      ],
      button: NEW_PASSWORD,
      closing: ['If it was not you, ignore this mail. Your password stays the same.'],
    },
    sign_in: {
      subject: 'Sign in to {brand}',
      heading: 'Sign in',
      intro: ['Open the page and press “Sign in” to sign in to your account at {brand}.'],
      button: 'Sign in',
      closing: [
        'If you did not ask for this, ignore this mail. Do not give the link or the code to anybody: whoever has one of them can sign in to your account.',
      ],
    },
    confirm_email_change: {
      subject: 'Confirm your new email address for {brand}',
      heading: 'Confirm your new email address',
      intro: [
        'The email address of your account at {brand} is to become {newEmail}. Nothing changes until you open the page and press “Confirm new address”.',
      ],
      button: 'Confirm new address',
      closing: ['If you did not ask for this, ignore this mail. The address will not be changed.'],
    },
    email_changed: {
      subject: 'Your email address for {brand} was changed',
      heading: 'Your email address was changed',
      intro: [
        'Your account at {brand} has a new email address. This address gets no more mails about it.',
        'If it was you, you do not have to do anything. If it was not you, undo the change now: your account gets this address back, and all devices are signed out.',
      ],
      button: 'Undo the change',
      closing: ['After you undo the change, you get a mail to choose a new password.'],
    },
    already_registered: {
      subject: 'You already have an account at {brand}',
      heading: 'You already have an account',
      intro: [
        'Somebody tried to register at {brand} with this address, which already has an account. No other account was created.',
        'If it was you, sign in to your account. If you forgot your password, choose a new one.',
      ],
      button: NEW_PASSWORD,
      closing: ['If it was not you, ignore this mail. Your account has not changed.'],
    },
    new_device: {
      subject: 'New sign-in to your account at {brand}',
      heading: 'Sign-in on a new device',
      intro: [
        'Somebody signed in to your account at {brand} on a device that was not used before.',
        'If it was you, you do not have to do anything. If it was not you, choose a new password now. All devices are then signed out.',
      ],
      button: NEW_PASSWORD,
      closing: [],
    },
    password_changed: {
      subject: 'Your password for {brand} was changed',
      heading: 'Your password was changed',
      intro: [
        'The password of your account at {brand} was changed.',
        'If it was you, you do not have to do anything. If it was not you, choose a new password now. All devices are then signed out.',
      ],
      button: NEW_PASSWORD,
      closing: [],
    },
    account_locked: {
      subject: 'Too many wrong passwords for your account at {brand}',
      heading: 'Your account is locked for a short time',
      intro: [
        'There were too many wrong passwords for your account at {brand}, so no password is accepted for a short time. Nobody got in with them.',
        'If it was you, wait a few minutes and try again. If you forgot your password, choose a new one.',
      ],
      button: NEW_PASSWORD,
      closing: [
        'If it was not you, somebody may be guessing your password. Choose a new one if it is short, easy to guess, or used on another site.',
      ],
    },
    second_factor_added: {
      subject: 'A second factor was added to your account at {brand}',
      heading: 'A second factor was added',
      intro: [
        'A second factor was added to your account at {brand}. From now on, signing in requires a second factor.',
        'If it was you, keep your recovery codes in a safe place. If it was not you, choose a new password now; all devices are then signed out. Then remove the second factor in the settings of your account. If you cannot sign in, ask the operator of {brand} to remove it.',
      ],
      button: NEW_PASSWORD,
      closing: [],
    },
    second_factor_removed: {
      subject: 'A second factor was removed from your account at {brand}',
      heading: 'A second factor was removed',
      intro: [
        'A second factor was removed from your account at {brand}.',
        'If it was you, or you asked the operator of {brand} for it, you do not have to do anything. Otherwise, choose a new password now; all devices are then signed out. Then set up your second factor again.',
      ],
      button: NEW_PASSWORD,
      closing: [],
    },
    recovery_code_used: {
      subject: 'A recovery code of your account at {brand} was used',
      heading: 'A recovery code was used',
      intro: [
        'A recovery code of your account at {brand} was used in place of your second factor. It does not work again.',
        'If it was you and there are few codes left, create new ones in the settings of your account. If you lost your second factor, remove it there and set up another one. If it was not you, choose a new password now; all devices are then signed out. Then create new recovery codes.',
      ],
      button: NEW_PASSWORD,
      closing: [],
    },
  },
  greeting: 'Hello {name},',
  greetingWithoutName: 'Hello,',
  linkAsText: 'If the button does not work, copy this address into your browser:',
  code: 'If you are asked for a code, enter this one:',
  validUntil: 'The link and the code work once, until {time}.',
  facts: {
    newEmail: 'New address',
    method: 'Second factor',
    codesLeft: 'Recovery codes left',
    at: 'Time',
    device: 'Device',
    ip: 'IP address',
    undoUntil: 'Can be undone until',
  },
  methods: { totp: 'authenticator app', passkey: 'passkey', all: 'all' },
  footer: 'This mail was sent by {brand} because of your account. Replies are not read.',
  date: '{day} {month} {year}, {time} UTC',
};
