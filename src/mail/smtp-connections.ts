import type { SmtpServer } from '../config/smtp.js';
import { type Envelope, SmtpConnection } from './smtp-connection.js';

/** How long an unused connection stays open in milliseconds: less than servers wait, so that few close it first. */
const IDLE_MS = 5000;

/** Reuses connections to the SMTP server. The number of mails that are sent at the same time is up to the caller. */
export class SmtpConnections {
  readonly #idle = new Map<SmtpConnection, NodeJS.Timeout>();
  readonly #busy = new Set<SmtpConnection>();

  constructor(
    private readonly server: SmtpServer,
    private readonly timeoutMs: number,
  ) {}

  /**
   * Sends a mail, within the time limit.
   *
   * @returns the response of the server
   * @throws SmtpError
   */
  async send(envelope: Envelope, message: Buffer): Promise<string> {
    const connection = this.#take();
    this.#busy.add(connection);
    try {
      return await connection.send(envelope, message);
    } finally {
      this.#busy.delete(connection);
      this.#putBack(connection);
    }
  }

  /** Closes all connections. Mails that are being sent fail. */
  close(): void {
    for (const connection of this.#busy) connection.close();
    for (const [connection, timer] of this.#idle) {
      clearTimeout(timer);
      connection.quit();
    }
    this.#idle.clear();
  }

  #take(): SmtpConnection {
    for (const [connection, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(connection);
      if (connection.usable) return connection;
    }
    return new SmtpConnection(this.server, this.timeoutMs);
  }

  #putBack(connection: SmtpConnection): void {
    if (!connection.usable) {
      connection.quit();
      return;
    }
    const timer = setTimeout(() => {
      this.#idle.delete(connection);
      connection.quit();
    }, IDLE_MS);
    this.#idle.set(connection, timer.unref());
  }
}
