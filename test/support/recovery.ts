import { secrets } from './secrets.js';
import { TestServer } from './server.js';
import type { ArrivedMail } from './smtp.js';
import { SmtpTestServer } from './smtp.js';

/** The link, its token and the code of a mail. */
export interface MailedCode {
  link: string;
  token: string;
  code: string;
}

/** Reads the link and the code from the text of a mail. Nothing may leak them. */
export function codeIn({ text = '' }: Pick<ArrivedMail, 'text'>): MailedCode {
  const links = text.match(/https?:\/\/\S+/g) ?? [];
  if (links.length !== 1) throw new Error(`the mail has ${links.length} links:\n${text}`);
  const link = links[0] as string;
  const token = new URL(link).searchParams.get('token') ?? '';
  const code = /^[0-9A-Z]{4}-[0-9A-Z]{4}$/m.exec(text)?.[0] ?? '';
  if (token !== '') secrets.add(token);
  return { link, token, code };
}

/** A server that sends its mail to an SMTP server of the test. */
export class MailingServer {
  private constructor(
    readonly smtp: SmtpTestServer,
    readonly server: TestServer,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<MailingServer> {
    const smtp = await SmtpTestServer.start();
    return new MailingServer(smtp, await TestServer.start({ SMTP_URL: smtp.url, ...settings }));
  }

  get client() {
    return this.server.client;
  }

  /** Registers a user with an address, and reads the mail that verifies it. */
  async register(username: string, password: string): Promise<MailedCode> {
    const email = addressOf(username);
    const { status } = await this.client.post('/auth/register', { body: { username, email, password } });
    if (status !== 201) throw new Error(`the registration answered ${status}`);
    return await this.nextCode(email);
  }

  /** Registers a user and verifies their address. */
  async registerVerified(username: string, password: string): Promise<void> {
    const { token } = await this.register(username, password);
    const { status } = await this.client.post('/auth/email/verify', { body: { token } });
    if (status !== 204) throw new Error(`the verification answered ${status}`);
  }

  async nextCode(email: string): Promise<MailedCode> {
    return codeIn(await this.smtp.next(email));
  }

  /** Requests a mail to set a new password, and reads it. */
  async forgot(email: string): Promise<MailedCode> {
    await this.client.post('/auth/password/forgot', { body: { email } });
    return await this.nextCode(email);
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.smtp.stop();
  }
}

export function addressOf(username: string): string {
  return `${username}@example.com`;
}
