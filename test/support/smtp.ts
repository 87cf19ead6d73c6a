import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';

/** A mail that arrived, with its bytes. */
export type ArrivedMail = ParsedMail & { raw: string; recipients: string[]; encrypted: boolean };

/** A response of the server, such as 550. */
export interface Reply {
  code: number;
  text?: string;
}

/** What the server does with the next mails. */
export interface Behaviour {
  /** Rejects a recipient. */
  recipient?: ((address: string) => Reply | undefined) | undefined;
  /** Rejects a mail after its data. */
  data?: ((mail: string) => Reply | undefined) | undefined;
  /** Waits before it answers the data, in milliseconds. */
  delayMs?: number | undefined;
  /** Resets the connection at the first bytes of the data. */
  resetDuringData?: boolean | undefined;
  /** Called when the data of a mail begins. */
  onData?: (() => void) | undefined;
  /** Called with each mail that has arrived, before it is answered. */
  beforeAnswer?: ((mail: ArrivedMail) => Promise<void> | void) | undefined;
}

interface Options {
  /** `none` by default. The certificate is self-signed, for `localhost`. */
  tls?: 'none' | 'starttls' | 'implicit';
  /** The user and password that it requires. */
  login?: { user: string; password: string };
}

/** A real SMTP server, which collects mails. */
export class SmtpTestServer {
  /** All mails that were accepted, in order. */
  readonly mails: ArrivedMail[] = [];
  /** The number of connections so far, and of mails whose data began. */
  readonly seen = { connections: 0, data: 0 };
  behaviour: Behaviour = {};
  readonly #waiting: (() => void)[] = [];
  #next = new Map<string, number>();

  private constructor(
    readonly server: SMTPServer,
    private readonly options: Options,
  ) {}

  static async start(options: Options = {}, port = 0): Promise<SmtpTestServer> {
    const { tls = 'none', login } = options;
    const handlers: SMTPServerOptions = {
      secure: tls === 'implicit',
      ...(tls === 'none' ? {} : certificate()),
      disabledCommands: [...(tls === 'starttls' ? [] : ['STARTTLS']), ...(login ? [] : ['AUTH'])],
      authOptional: login === undefined,
      allowInsecureAuth: true,
      closeTimeout: 100,
      disableReverseLookup: true,
      onConnect: (_, done) => {
        test.seen.connections += 1;
        done();
      },
      onAuth: ({ username, password }, _, done) => {
        const isRight = username === login?.user && password === login?.password;
        if (isRight) done(null, { user: username });
        else done(Object.assign(new Error('wrong user or password'), { responseCode: 535 }));
      },
      onRcptTo: ({ address }, _, done) => done(failure(test.behaviour.recipient?.(address))),
      onData: (stream, session, done) => void test.#receive(stream, session, done),
    };
    const test: SmtpTestServer = new SmtpTestServer(new SMTPServer(handlers), options);
    // Clients that are killed reset their connections.
    test.server.on('error', () => {});
    test.server.listen(port, '127.0.0.1');
    await once(test.server.server, 'listening');
    return test;
  }

  get port(): number {
    return (this.server.server.address() as AddressInfo).port;
  }

  /** The value of `SMTP_URL`. */
  get url(): string {
    const { tls = 'none', login } = this.options;
    const user = login ? `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@` : '';
    const query = tls === 'starttls' ? '?tls=required' : '';
    return `${tls === 'implicit' ? 'smtps' : 'smtp'}://${user}localhost:${this.port}${query}`;
  }

  /** The next mail to an address that this method has not returned yet. Waits for it. */
  async next(address: string, withinMs = 10_000): Promise<ArrivedMail> {
    const index = this.#next.get(address) ?? 0;
    const mail = await this.#until(withinMs, `mail ${index + 1} to ${address}`, () => this.to(address)[index]);
    this.#next.set(address, index + 1);
    return mail;
  }

  /** Waits until this many mails have arrived. */
  async count(mails: number, withinMs = 30_000): Promise<void> {
    await this.#until(withinMs, `${mails} mails`, () => (this.mails.length >= mails ? true : undefined));
  }

  /** All mails to an address. */
  to(address: string): ArrivedMail[] {
    return this.mails.filter(({ recipients }) => recipients.includes(address));
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  async #until<T>(withinMs: number, what: string, look: () => T | undefined): Promise<T> {
    const end = performance.now() + withinMs;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      const restMs = end - performance.now();
      if (restMs <= 0) throw new Error(`${what} did not arrive within ${withinMs} ms; ${this.mails.length} did`);
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        timer = setTimeout(resolve, restMs);
      });
      clearTimeout(timer);
    }
  }

  async #receive(stream: SMTPServerDataStream, session: SMTPServerSession, done: (error?: Error | null) => void) {
    this.seen.data += 1;
    this.behaviour.onData?.();
    if (this.behaviour.resetDuringData) {
      stream.once('data', () => this.#reset(session));
      stream.resume();
      return;
    }
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of stream) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const raw = Buffer.concat(chunks).toString();
    const rejected = failure(this.behaviour.data?.(raw));
    if (rejected) return done(rejected);
    const parsed = await simpleParser(raw);
    const recipients = session.envelope.rcptTo.map(({ address }) => address);
    const mail: ArrivedMail = Object.assign(parsed, { raw, recipients, encrypted: session.secure });
    if (this.behaviour.delayMs) await new Promise((resolve) => setTimeout(resolve, this.behaviour.delayMs));
    this.mails.push(mail);
    for (const wake of this.#waiting.splice(0)) wake();
    await this.behaviour.beforeAnswer?.(mail);
    done();
  }

  #reset({ id }: SMTPServerSession): void {
    const connections = (this.server as unknown as { connections: Set<{ id: string; _socket: { destroy(): void } }> })
      .connections;
    for (const connection of connections) if (connection.id === id) connection._socket.destroy();
  }
}

function failure(reply: Reply | undefined): Error | null {
  return reply ? Object.assign(new Error(reply.text ?? 'rejected'), { responseCode: reply.code }) : null;
}

let files: { key: string; cert: string; path: string } | undefined;

/** A self-signed certificate for `localhost`. `path` is its file, for `NODE_EXTRA_CA_CERTS`. */
export function certificate(): { key: string; cert: string; path: string } {
  if (files !== undefined) return files;
  const folder = mkdtempSync(join(tmpdir(), 'portero-smtp-'));
  const [key, path] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', path, '-days', '1', ...names], {
    stdio: 'pipe',
  });
  files = { key: readFileSync(key, 'utf8'), cert: readFileSync(path, 'utf8'), path };
  return files;
}
