import { promisify } from 'node:util';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { SmtpServer } from '../config/smtp.js';
import { SmtpError, smtpError } from './smtp-error.js';

/** The most time for the connection and its greeting, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_MAILS = 100;

export interface Envelope {
  from: string;
  to: string[];
}

/** One connection to the SMTP server, for one mail at a time. */
export class SmtpConnection {
  #client: SMTPConnection | undefined;
  #mails = 0;
  #broken = false;

  constructor(
    private readonly server: SmtpServer,
    private readonly timeoutMs: number,
  ) {}

  /** Whether it can send another mail. */
  get usable(): boolean {
    return !this.#broken && this.#mails < MAX_MAILS;
  }

  /**
   * Sends a mail, within the time limit.
   *
   * @returns the response of the server
   * @throws SmtpError
   */
  async send(envelope: Envelope, message: Buffer): Promise<string> {
    return await this.#within(async (client, inTransaction) => {
      inTransaction();
      this.#mails += 1;
      const { response } = await promisify<typeof envelope, Buffer, { response?: string }>(
        client.send.bind(client) as never,
      )(envelope, message);
      return response ?? '';
    });
  }

  /** Connects and logs in, and sends nothing. @throws SmtpError */
  async check(): Promise<void> {
    await this.#within(async () => {});
  }

  /** Runs work on the connection, within the time limit. @throws SmtpError */
  async #within<T>(work: (client: SMTPConnection, inTransaction: () => void) => Promise<T>): Promise<T> {
    let inTransaction = false;
    let fail: (error: unknown) => void = () => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const timer = setTimeout(() => fail(timeout(this.timeoutMs)), this.timeoutMs);
    const connected = async () => {
      const client = this.#client ?? (await this.#connect(fail));
      client.once('error', fail);
      const result = await work(client, () => {
        inTransaction = true;
      });
      client.off('error', fail);
      return result;
    };
    try {
      return await Promise.race([connected(), failed]);
    } catch (error) {
      this.close();
      throw error instanceof SmtpError ? error : smtpError(error, inTransaction);
    } finally {
      clearTimeout(timer);
      failed.catch(() => {});
    }
  }

  /** Closes the connection at once. A mail that is being sent fails. */
  close(): void {
    this.#broken = true;
    this.#client?.close();
  }

  /** Takes leave of the server. */
  quit(): void {
    this.#broken = true;
    this.#client?.quit();
  }

  async #connect(fail: (error: unknown) => void): Promise<SMTPConnection> {
    const { host, port, tls, user, password: pass } = this.server;
    const { default: Connection } = await import('nodemailer/lib/smtp-connection');
    const limit = Math.min(CONNECT_TIMEOUT_MS, this.timeoutMs);
    const client = new Connection({
      host,
      port,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'off',
      // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED=0 would change the default.
      tls: { rejectUnauthorized: true },
      dnsTimeout: limit,
      connectionTimeout: limit,
      greetingTimeout: limit,
      socketTimeout: this.timeoutMs,
      // A message that is not complete must not be completed by a graceful end.
      socketCloseTimeout: 0,
    });
    this.#client = client;
    client.on('error', (error) => {
      this.#broken = true;
      fail(error);
    });
    client.on('end', () => {
      this.#broken = true;
      fail(new SmtpError('the server closed the connection', false));
    });
    await promisify(client.connect.bind(client))();
    if (user !== undefined) await promisify(client.login.bind(client))({ user, pass } as never);
    return client;
  }
}

function timeout(afterMs: number): Error {
  return Object.assign(new Error(`no result after ${afterMs} ms`), { code: 'ETIMEDOUT' });
}
