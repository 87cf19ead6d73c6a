import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Of which connections, by the application_name that each gives as it begins: `portero feed` is the feed's own. */
export type Chosen = (applicationName: string) => boolean;
export const everyone: Chosen = () => true;
export const feedOnly: Chosen = (name) => name === 'portero feed';
export const poolOnly: Chosen = (name) => name === 'portero';
const nobody: Chosen = () => false;

/** What PostgreSQL says after the commit of a statement: ReadyForQuery, idle. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** A proxy before PostgreSQL (or Redis) that does to its connections what a network can: cut, refuse, go silent, delay. */
export class TcpProxy {
  readonly #links = new Set<Link>();
  /** Whose connections are refused. */
  refused = nobody;
  /** Whose connections are accepted or kept, but nothing passes either way: it is held back until {@link resume}. */
  silenced = nobody;
  /** Milliseconds that each chunk is held back. */
  delayMs = 0;
  /** Replaced in what clients send; of one length. */
  rewrite: [from: string, to: string] | undefined;
  /** A statement whose answer is held back for good. */
  unanswered: RegExp | undefined;
  #onWithheld: () => void = () => {};

  private constructor(
    readonly server: Server,
    readonly target: URL,
  ) {
    server.on('connection', (client: Socket) => this.#accept(client));
  }

  static async start(target: string): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, new URL(target));
  }

  /** The URL of the database by way of this proxy. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  async stop(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  /** Ends connections by a reset. New ones are let through, unless they are {@link refused}. */
  cut(chosen = everyone): void {
    for (const link of this.#links) if (chosen(link.name)) link.reset();
  }

  /** Cuts connections, and refuses new ones until {@link resume}. */
  refuse(chosen = everyone): void {
    this.refused = chosen;
    this.cut(chosen);
  }

  silence(chosen = everyone): void {
    this.silenced = chosen;
  }

  /** What a firewall does that has lost its table: the connections of now are silent for ever, new ones are let through. */
  forget(chosen = everyone): void {
    for (const link of this.#links) if (chosen(link.name)) link.forgotten = true;
  }

  /** Everything goes on, and what was held back is passed on. */
  resume(): void {
    this.refused = nobody;
    this.silenced = nobody;
    this.delayMs = 0;
    for (const link of this.#links) link.release();
  }

  /** Holds back the answers to a statement. @returns when the database has answered one of them */
  withholdAnswerTo(statement: RegExp): Promise<void> {
    this.unanswered = statement;
    return new Promise((resolve) => {
      this.#onWithheld = resolve;
    });
  }

  /** How many connections there are. */
  count(chosen = everyone): number {
    return [...this.#links].filter(({ name }) => chosen(name)).length;
  }

  /** Those by which the database knows the connections. */
  ports(): number[] {
    return [...this.#links].map((link) => link.port);
  }

  /** To be called by a connection that has an answer to hold back. */
  withheld(): void {
    this.#onWithheld();
  }

  #accept(client: Socket): void {
    const link = new Link(this, client, connect(Number(this.target.port || 5432), this.target.hostname));
    this.#links.add(link);
    client.once('close', () => this.#links.delete(link));
  }
}

/** One connection through the proxy. */
class Link {
  name = '';
  forgotten = false;
  #begun = false;
  #mute = false;
  readonly #held: [to: Socket, chunk: Buffer][] = [];

  constructor(
    private readonly proxy: TcpProxy,
    private readonly client: Socket,
    private readonly database: Socket,
  ) {
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      from.setNoDelay(true);
      from.on('error', () => {});
      from.on('data', (chunk) => (from === client ? this.#fromClient(chunk) : this.#fromDatabase(chunk)));
      from.once('close', () => to.destroy());
    }
  }

  get port(): number {
    return this.database.localPort as number;
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.database.resetAndDestroy();
  }

  release(): void {
    for (const [to, chunk] of this.#held.splice(0)) to.write(chunk);
  }

  #fromClient(chunk: Buffer): void {
    if (!this.#begun) this.#begin(chunk);
    const { rewrite, unanswered } = this.proxy;
    const text = chunk.toString('latin1');
    if (unanswered?.test(text)) this.#mute = true;
    this.#pass(this.database, rewrite ? Buffer.from(text.replaceAll(...rewrite), 'latin1') : chunk);
  }

  #fromDatabase(chunk: Buffer): void {
    if (!this.#mute) this.#pass(this.client, chunk);
    else if (chunk.subarray(-READY.length).equals(READY)) this.proxy.withheld();
  }

  /** The startup packet: a length, a version, then names and values with a NUL behind each. */
  #begin(packet: Buffer): void {
    this.#begun = true;
    const [, name = ''] = /\0application_name\0([^\0]*)\0/.exec(packet.toString('latin1')) ?? [];
    this.name = name;
    if (this.proxy.refused(name)) this.reset();
  }

  #pass(to: Socket, chunk: Buffer): void {
    if (this.forgotten || to.destroyed) return;
    if (this.proxy.silenced(this.name) || this.#held.length > 0) this.#held.push([to, chunk]);
    else if (this.proxy.delayMs > 0) setTimeout(() => to.write(chunk), this.proxy.delayMs);
    else to.write(chunk);
  }
}

/** Whether something listens there. */
export async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const open = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]);
  socket.destroy();
  return open;
}
