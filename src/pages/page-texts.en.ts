/** The pages, by name. Each has a path under `/account`. */
export type PageName =
  | 'verify_email'
  | 'forgot_password'
  | 'reset_password'
  | 'confirm_email'
  | 'undo_email_change'
  | 'sign_in'
  | 'second_factor';

export interface ResultText {
  heading: string;
  text: readonly string[];
}

export interface PageText {
  heading: string;
  lead: string;
  /** Instead of `lead`, if the link has no token and the page asks for a code. */
  leadWithoutToken?: string;
  button: string;
  done: ResultText;
  /** What to do if the link does not work. */
  again: string;
}

/** The fields of forms, by their names in the request. */
export type FieldName = 'login' | 'email' | 'code' | 'new_password' | 'second_factor';

/** The errors that have texts of their own on pages, by code. Others use those of the problem details. */
export type PageProblem =
  | 'code_invalid'
  | 'code_expired'
  | 'mfa_token_invalid'
  | 'second_factor_required'
  | 'enrolment_required'
  | 'too_many_requests'
  | 'unavailable'
  | 'csrf_failed';

export interface PageTexts {
  pages: Record<PageName, PageText>;
  fields: Record<FieldName, { label: string; hint?: string }>;
  /** `{wait}` is replaced. */
  problems: Record<PageProblem, ResultText>;
  /** For all other errors, after the text of the problem. */
  otherProblem: string;
  /** Above a form that has errors. */
  checkFields: string;
  wrongCode: string;
  wrongSecondFactor: string;
  expiredCode: string;
  required: string;
  /** Before the title of a page with errors. */
  errorPrefix: string;
  newLink: string;
  withCode: string;
  /** The name of the other language, in that language. */
  otherLanguage: string;
}

export const en: PageTexts = {
  pages: {
    verify_email: {
      heading: 'Confirm your email address',
      lead: 'Press the button to confirm that this email address is yours.',
      leadWithoutToken: 'Enter your email address and the code from the mail.',
      button: 'Confirm address',
      done: {
        heading: 'Your email address is confirmed',
        text: ['You can close this page and go back to the app.'],
      },
      again: 'Sign in and request a new mail.',
    },
    forgot_password: {
      heading: 'Forgot your password?',
      lead: 'Enter your email address or username. You will get a mail with a link to choose a new password.',
      button: 'Send mail',
      done: {
        heading: 'Check your inbox',
        text: [
          'If there is an account with this name and it has an email address, a mail is on its way. Open the link in it to choose a new password.',
          'No mail after a few minutes? Look in the spam folder, or check what you entered and try again.',
        ],
      },
      again: 'Request another mail.',
    },
    reset_password: {
      heading: 'Choose a new password',
      lead: 'All devices are then signed out of your account.',
      leadWithoutToken:
        'Enter your email address, the code from the mail and a new password. All devices are then signed out.',
      button: 'Save new password',
      done: {
        heading: 'Your password is changed',
        text: ['All devices are signed out. You can now sign in with the new password.'],
      },
      again: 'Request a new mail to choose a password.',
    },
    confirm_email: {
      heading: 'Confirm your new email address',
      lead: 'Press the button to use this email address for your account. The previous address will be told.',
      button: 'Confirm new address',
      done: {
        heading: 'Your email address is changed',
        text: ['Mails about your account now go to the new address. You can close this page.'],
      },
      again: 'Sign in and change your email address again.',
    },
    undo_email_change: {
      heading: 'Undo the change of your email address',
      lead: 'Your account gets its previous email address back, and all devices are signed out.',
      button: 'Undo the change',
      done: {
        heading: 'The change is undone',
        text: [
          'Your account has its previous email address again, and all devices are signed out.',
          'A mail with a link to choose a new password is on its way to that address.',
        ],
      },
      again: 'If you can no longer use your account, contact the people who operate this service.',
    },
    sign_in: {
      heading: 'Sign in',
      lead: 'Press the button to sign in on this device. If you did not ask for the mail, close this page.',
      leadWithoutToken: 'Enter your email address and the code from the mail.',
      button: 'Sign in',
      done: { heading: 'You are signed in', text: ['You can close this page and go back to the app.'] },
      again: 'Request a new mail where you want to sign in.',
    },
    second_factor: {
      heading: 'Enter a code',
      lead: 'Your account is protected by a second factor. Enter the code of your authenticator app, or a recovery code.',
      button: 'Sign in',
      done: { heading: 'You are signed in', text: ['You can close this page and go back to the app.'] },
      again: 'Sign in again.',
    },
  },
  fields: {
    login: { label: 'Email address or username' },
    email: { label: 'Email address' },
    code: { label: 'Code', hint: 'Eight letters and digits, such as BCDF‑2345.' },
    new_password: { label: 'New password', hint: 'At least {minimum} characters. Spaces are allowed.' },
    second_factor: {
      label: 'Code',
      hint: 'Six digits of the app, or a recovery code such as ABCDEF‑GHJKLM‑NPQRST‑UVWXYZ.',
    },
  },
  problems: {
    code_invalid: {
      heading: 'This link does not work',
      text: ['It was used before, a newer mail has replaced it, or a part of it is missing.'],
    },
    code_expired: {
      heading: 'This link has expired',
      text: ['Links in mails work for a limited time only.'],
    },
    mfa_token_invalid: {
      heading: 'This sign-in has expired',
      text: ['A code can be entered for five minutes, and at most five times.'],
    },
    second_factor_required: {
      heading: 'Sign in with the app',
      text: ['Your account is protected by a passkey. This page cannot use it: sign in with the app.'],
    },
    enrolment_required: {
      heading: 'Sign in with the app',
      text: [
        'This service requires a second factor, and your account has none yet. Sign in with the app to set one up.',
      ],
    },
    too_many_requests: {
      heading: 'Too many attempts',
      text: ['Wait {wait}, then go back and try again.'],
    },
    unavailable: {
      heading: 'The service is not available',
      text: ['This is a temporary problem on our side. Wait {wait}, then go back and try again.'],
    },
    csrf_failed: {
      heading: 'Another site sent this request',
      text: ['For your safety, you were not signed in. Open the link in the mail, and press the button there.'],
    },
  },
  otherProblem: 'Go back and try again.',
  checkFields: 'Check the marked fields.',
  wrongCode:
    'The email address or the code is wrong, or the code was used before. After five wrong codes, request a new mail.',
  wrongSecondFactor: 'The code is wrong, or it was used before. After five wrong codes, sign in again.',
  expiredCode: 'This code has expired. Request a new mail.',
  required: 'Fill in this field.',
  errorPrefix: 'Error: ',
  newLink: 'Request a new mail',
  withCode: 'I have a code',
  otherLanguage: 'Español',
};
