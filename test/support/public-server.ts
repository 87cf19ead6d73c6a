import { PASSWORD } from './client.js';
import { createDatabase, type TestDatabase } from './engine.js';
import { freePort } from './other-program.js';
import { ServerProcess } from './process.js';
import { addressOf, codeIn, type MailedCode } from './recovery.js';
import { SmtpTestServer } from './smtp.js';

/** A server process whose `PUBLIC_URL` is its own address, so a browser can open the links of its mails. */
export class PublicServer {
  private constructor(
    private readonly database: TestDatabase,
    readonly smtp: SmtpTestServer,
    readonly server: ServerProcess,
    readonly url: string,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<PublicServer> {
    const [database, smtp, port] = await Promise.all([createDatabase(), SmtpTestServer.start(), freePort()]);
    const url = `http://localhost:${port}`;
    const env = { ...database.env, SMTP_URL: smtp.url, PORT: String(port), PUBLIC_URL: url, ...settings };
    return new PublicServer(database, smtp, await ServerProcess.start(env), url);
  }

  get client() {
    return this.server.client;
  }

  /** Registers a user with an address. @returns the mail to confirm it */
  async register(username: string): Promise<MailedCode> {
    const email = addressOf(username);
    await this.post('/auth/register', { username, email, password: PASSWORD });
    return await this.nextCode(email);
  }

  async registerVerified(username: string): Promise<void> {
    const { token } = await this.register(username);
    await this.post('/auth/email/verify', { token });
  }

  /** Sends a request that must succeed. */
  async post(path: string, body: object, token?: string): Promise<void> {
    const { status, text } = await this.client.post(path, { body, ...(token === undefined ? {} : { token }) });
    if (status >= 300) throw new Error(`${path} answered ${status}: ${text}`);
  }

  async nextCode(email: string): Promise<MailedCode> {
    return codeIn(await this.smtp.next(email));
  }

  async stop(): Promise<void> {
    await this.server.kill('SIGTERM');
    await this.smtp.stop();
    await this.database.drop();
  }
}
