import type { Answer, Client } from './client.js';
import { TestServer } from './server.js';
import { type ArrivedMail, SmtpTestServer } from './smtp.js';

/** The paths of the pages to which mails link. */
export const PAGES = [
  '/account/verify-email',
  '/account/forgot-password',
  '/account/reset-password',
  '/account/confirm-email',
  '/account/undo-email-change',
  '/account/sign-in',
  '/account/second-factor',
];

/** Those whose form can be used without the token of a link. */
export const PAGES_WITH_CODE = PAGES.filter((path) => !/confirm-email|undo|second-factor/.test(path));

const LINK = /http:\/\/localhost:3000(\/\S+)/;

/** A server whose mails arrive, and the users and forms of the tests of its pages. */
export class PagesServer {
  private constructor(
    readonly server: TestServer,
    readonly smtp: SmtpTestServer,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<PagesServer> {
    const smtp = await SmtpTestServer.start();
    const server = await TestServer.start({
      SMTP_URL: smtp.url,
      MAIL_FROM: 'Example <no-reply@example.com>',
      MAIL_SIGN_IN: 'on',
      ...settings,
    });
    return new PagesServer(server, smtp);
  }

  get client(): Client {
    return this.server.client;
  }

  /** Registers a user with an address. @returns the path of the link to verify it */
  async register(username: string, password: string): Promise<string> {
    const email = `${username}@example.com`;
    const { status } = await this.client.post('/auth/register', { body: { username, email, password } });
    expect(status).toBe(201);
    return linkIn(await this.smtp.next(email));
  }

  /** Registers a user who has verified the address. */
  async registerVerified(username: string, password: string): Promise<void> {
    const link = await this.register(username, password);
    const { status } = await this.submit('/account/verify-email', { token: tokenIn(link) });
    expect(status).toBe(200);
  }

  /** The next mail of a user. */
  async mailTo(username: string): Promise<ArrivedMail> {
    return await this.smtp.next(`${username}@example.com`);
  }

  /** Sends a form as a browser does from a page with `Referrer-Policy: no-referrer`. */
  async submit(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    return await this.client.post(path, {
      body: new URLSearchParams(fields).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'null', ...headers },
    });
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.smtp.stop();
  }
}

/** The path and query of the one link of a mail. */
export function linkIn({ text = '' }: ArrivedMail): string {
  return LINK.exec(text)?.[1] as string;
}

/** The code of a mail. */
export function codeIn({ text = '' }: ArrivedMail): string {
  return /^\w{4}-\w{4}$/m.exec(text)?.[0] as string;
}

export function tokenIn(link: string): string {
  return new URL(link, 'http://localhost').searchParams.get('token') as string;
}

/** The text of a page's heading. */
export function headingOf({ text }: { text: string }): string | undefined {
  return /<h1>([^<]*)<\/h1>/.exec(text)?.[1];
}
