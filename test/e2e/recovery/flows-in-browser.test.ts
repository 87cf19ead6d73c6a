import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium, openTab, testInChromium } from '../../support/chromium.js';
import { PASSWORD } from '../../support/client.js';
import { scan } from '../../support/mail-scanner.js';
import { PublicServer } from '../../support/public-server.js';
import { addressOf, type MailedCode } from '../../support/recovery.js';

/** The flows of account recovery as a person sees them: a mail, its link or its code, and a page in a browser. */
let open: PublicServer;
let privately: PublicServer;
let browser: Browser | undefined;
beforeAll(async () => {
  open = await PublicServer.start({ MAIL_SIGN_IN: 'on' });
  privately = await PublicServer.start({ REGISTRATION: 'private' });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([open, privately].map((server) => server?.stop()));
});

type Language = 'en' | 'es';
type Texts = Record<Language, { button: string; done: string }>;

/** What a person began, and how to see that it is done. */
interface Begun {
  email: string;
  mail: MailedCode;
  isDone: (page: Page) => Promise<boolean>;
}

interface Flow {
  name: string;
  server: () => PublicServer;
  begin: (username: string) => Promise<Begun>;
  texts: Texts;
  /** The page on which the code can be typed without a session. */
  codePage?: string;
  asksPassword?: boolean;
}

const NEW_PASSWORD = 'another horse, another staple';
const USED: Record<Language, string> = { en: 'This link does not work', es: 'Este enlace no funciona' };
const WRONG: Record<Language, RegExp> = { en: /code is wrong/, es: /el código no es correcto/ };

async function canLogIn(server: PublicServer, username: string, password: string): Promise<boolean> {
  return (await server.client.post('/auth/login', { body: { username, password } })).status === 200;
}

async function me(username: string): Promise<Record<string, unknown>> {
  const { access_token: token } = await open.client.logIn(username);
  return (await open.client.get('/users/me', { token })).body;
}

async function changeEmail(username: string): Promise<{ next: string; mail: MailedCode }> {
  await open.registerVerified(username);
  const next = addressOf(`${username}-next`);
  const { access_token } = await open.client.logIn(username);
  await open.post('/users/me/email', { email: next, current_password: PASSWORD }, access_token);
  return { next, mail: await open.nextCode(next) };
}

/** Whether the cookies of a tab are those of a session. */
async function isSignedIn(page: Page, email: string): Promise<boolean> {
  const answer = await page.context().request.get(`${open.url}/users/me`);
  return answer.status() === 200 && (await answer.json()).email === email;
}

const FLOWS: Flow[] = [
  {
    name: 'the verification of an address',
    server: () => open,
    begin: async (username) => ({
      email: addressOf(username),
      mail: await open.register(username),
      isDone: async () => (await me(username)).email_verified === true,
    }),
    texts: {
      en: { button: 'Confirm address', done: 'Your email address is confirmed' },
      es: { button: 'Confirmar dirección', done: 'Su dirección de correo está confirmada' },
    },
    codePage: '/account/verify-email',
  },
  {
    name: 'the reset of a password',
    server: () => open,
    begin: async (username) => {
      const email = addressOf(username);
      await open.registerVerified(username);
      const { page } = await openTab(browser, { javaScriptEnabled: false });
      await page.goto(`${open.url}/account/forgot-password`);
      await page.getByRole('textbox', { name: 'Email address or username' }).fill(email);
      await page.getByRole('button', { name: 'Send mail' }).click();
      await page.getByRole('heading', { name: 'Check your inbox' }).waitFor();
      await page.context().close();
      return { email, mail: await open.nextCode(email), isDone: () => canLogIn(open, username, NEW_PASSWORD) };
    },
    texts: {
      en: { button: 'Save new password', done: 'Your password is changed' },
      es: { button: 'Guardar contraseña nueva', done: 'Su contraseña se ha cambiado' },
    },
    codePage: '/account/reset-password',
    asksPassword: true,
  },
  {
    name: 'the change of an address',
    server: () => open,
    begin: async (username) => {
      const { next, mail } = await changeEmail(username);
      return { email: next, mail, isDone: async () => (await me(username)).email === next };
    },
    texts: {
      en: { button: 'Confirm new address', done: 'Your email address is changed' },
      es: { button: 'Confirmar nueva dirección', done: 'Su dirección de correo se ha cambiado' },
    },
  },
  {
    name: 'the undo of such a change by the previous address',
    server: () => open,
    begin: async (username) => {
      const { mail } = await changeEmail(username);
      await open.post('/auth/email/confirm-change', { token: mail.token });
      const email = addressOf(username);
      return { email, mail: await open.nextCode(email), isDone: async () => (await me(username)).email === email };
    },
    texts: {
      en: { button: 'Undo the change', done: 'The change is undone' },
      es: { button: 'Deshacer el cambio', done: 'El cambio se ha deshecho' },
    },
  },
  {
    name: 'the sign-in by mail',
    server: () => open,
    begin: async (username) => {
      const email = addressOf(username);
      await open.registerVerified(username);
      await open.post('/auth/mail-code', { email });
      return { email, mail: await open.nextCode(email), isDone: (page) => isSignedIn(page, email) };
    },
    texts: {
      en: { button: 'Sign in', done: 'You are signed in' },
      es: { button: 'Iniciar sesión', done: 'Ha iniciado sesión' },
    },
    codePage: '/account/sign-in',
  },
  {
    name: 'a private registration',
    server: () => privately,
    begin: async (username) => ({
      email: addressOf(username),
      mail: await privately.register(username),
      isDone: () => canLogIn(privately, username, PASSWORD),
    }),
    texts: {
      en: { button: 'Confirm address', done: 'Your email address is confirmed' },
      es: { button: 'Confirmar dirección', done: 'Su dirección de correo está confirmada' },
    },
    codePage: '/account/verify-email',
  },
];

const PEOPLE: [string, Language, BrowserContextOptions][] = [
  ['in English, with JavaScript', 'en', { locale: 'en-US' }],
  ['in Spanish, without JavaScript', 'es', { locale: 'es-AR', javaScriptEnabled: false }],
];

let users = 0;
const newName = () => `user-${++users}`;

/** Fills the password if the form asks for one, presses the button and waits for the result. */
async function press(page: Page, { texts, asksPassword }: Flow, language: Language, heading: string): Promise<void> {
  if (asksPassword) await page.locator('input[name=new_password]').fill(NEW_PASSWORD);
  await page.getByRole('button', { name: texts[language].button, exact: true }).click();
  await page.getByRole('heading', { name: heading, exact: true }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe(language);
}

describe.each(PEOPLE)('%s', (_, language, options) => {
  for (const flow of FLOWS) {
    const { done } = flow.texts[language];

    testInChromium(`${flow.name} survives scanners of mails, and its button works once`, async () => {
      const { email, mail, isDone } = await flow.begin(newName());
      expect(mail.link.startsWith(`${flow.server().url}/account/`)).toBe(true);
      const { probes, crawled } = await scan(mail.link);
      for (const scanned of probes) expect(scanned).toMatchObject({ status: 200, cookies: [] });
      // A form's action without its token is a page that asks for the link.
      for (const { status, cookies } of crawled) expect([[200, 400].includes(status), cookies]).toEqual([true, []]);
      expect(crawled.length).toBeGreaterThanOrEqual(4);

      const { page, errors } = await openTab(browser, options);
      await page.goto(mail.link);
      expect([email, await isDone(page)]).toEqual([email, false]);
      await press(page, flow, language, done);
      expect([email, await isDone(page)]).toEqual([email, true]);
      expect(page.url()).not.toContain(mail.token);

      await page.reload();
      await page.getByRole('heading', { name: USED[language], exact: true }).waitFor();
      await page.goto(mail.link);
      await press(page, flow, language, USED[language]);
      expect([email, await isDone(page)]).toEqual([email, true]);
      expect(errors.filter((error) => !/status of 400/.test(error))).toEqual([]);
      await page.context().close();
    });

    if (flow.codePage === undefined) continue;
    testInChromium(`${flow.name} works with the code, typed on the page without a token`, async () => {
      const { email, mail, isDone } = await flow.begin(newName());
      const { page } = await openTab(browser, options);
      await page.goto(`${flow.server().url}${flow.codePage}`);
      const type = async (code: string) => {
        await page.locator('input[name=email]').fill(email.toUpperCase());
        await page.locator('input[name=code]').fill(code);
        if (flow.asksPassword) await page.locator('input[name=new_password]').fill(NEW_PASSWORD);
        await page.getByRole('button', { name: flow.texts[language].button, exact: true }).click();
      };
      await type('2222-2222');
      await page.getByRole('alert').getByText(WRONG[language]).waitFor();
      expect(await isDone(page)).toBe(false);
      await type(` ${mail.code.toLowerCase().replace('-', ' ')} `);
      await page.getByRole('heading', { name: done, exact: true }).waitFor();
      expect(await isDone(page)).toBe(true);
      await page.goto(mail.link);
      await press(page, flow, language, USED[language]);
      await page.context().close();
    });
  }
});

testInChromium('a double click on the button does the work once', async () => {
  const { mail, isDone } = await (FLOWS[0] as Flow).begin(newName());
  const { page } = await openTab(browser);
  await page.goto(mail.link);
  await page.getByRole('button', { name: 'Confirm address' }).dblclick();
  await page.getByRole('heading', { name: /Your email address is confirmed|This link does not work/ }).waitFor();
  expect(await isDone(page)).toBe(true);
  await page.context().close();
});
