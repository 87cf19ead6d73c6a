import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Selects connections by the application_name in their startup packet. The feed uses `portero feed`. */
export type Chosen = (applicationName: string) => boolean;
export const everyone: Chosen = () => true;
export const feedOnly: Chosen = (name) => name === 'portero feed';
export const poolOnly: Chosen = (name) => name === 'portero' || name === 'portero batches';
const nobody: Chosen = () => false;

/** What PostgreSQL sends after the commit of a statement: ReadyForQuery, idle. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** A proxy before PostgreSQL or Redis that simulates network faults: cuts, refuses, silences or delays connections. */
export class TcpProxy {
  readonly #links = new Set<Link>();
  /** The connections that are refused. */
  refused = nobody;
  /** The connections that stay open but whose data is held back in both directions until {@link resume}. */
  silenced = nobody;
  /** Delay of each chunk in milliseconds. */
  delayMs = 0;
  /** A replacement in the data of clients; both texts have the same length. */
  rewrite: [from: string, to: string] | undefined;
  /** A statement whose response is never passed on. */
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

  /** The URL of the database through this proxy. */
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

  /** Resets connections. New ones are accepted unless they are {@link refused}. */
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

  /** Acts like a firewall that has lost its state: current connections stay silent forever, new ones are accepted. */
  forget(chosen = everyone): void {
    for (const link of this.#links) if (chosen(link.name)) link.forgotten = true;
  }

  /** Ends all faults and passes on the data that was held back. */
  resume(): void {
    this.refused = nobody;
    this.silenced = nobody;
    this.delayMs = 0;
    for (const link of this.#links) link.release();
  }

  /** Holds back the responses to a statement. @returns a promise that resolves after the first response */
  withholdAnswerTo(statement: RegExp): Promise<void> {
    this.unanswered = statement;
    return new Promise((resolve) => {
      this.#onWithheld = resolve;
    });
  }

  /** The number of connections. */
  count(chosen = everyone): number {
    return [...this.#links].filter(({ name }) => chosen(name)).length;
  }

  /** The client ports of the connections, as the database sees them. */
  ports(): number[] {
    return [...this.#links].map((link) => link.port);
  }

  /** Called by a connection that holds a response back. */
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

  /** The startup packet: a length, a version, then names and values, each followed by a NUL. */
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

/** Whether a server listens there. */
export async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const open = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]);
  socket.destroy();
  return open;
}
