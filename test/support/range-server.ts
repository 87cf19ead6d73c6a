import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A local server of the range protocol of Have I Been Pwned. Tests can make it fail. */
export class RangeServer {
  /** The received requests: method, path, headers and body. */
  readonly requests: { line: string; headers: IncomingMessage['headers'] }[] = [];
  /** Responds in place of the protocol. */
  misbehave: ((response: ServerResponse) => void) | undefined;
  readonly #counts = new Map<string, number>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(): Promise<RangeServer> {
    const server = new RangeServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/range/`;
  }

  /** Lists a password. A count of zero stands for padding. */
  list(password: string, count: number): void {
    this.#counts.set(sha1(password), count);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    if (this.misbehave) {
      this.misbehave(response);
      return;
    }
    const prefix = (request.url ?? '').slice('/range/'.length);
    const listed = [...this.#counts].filter(([hash]) => hash.startsWith(prefix));
    const padding = ['a', 'b', 'c'].map((seed): [string, number] => [prefix + sha1(seed).slice(5), 0]);
    response.setHeader('Content-Type', 'text/plain');
    response.end([...listed, ...padding].map(([hash, count]) => `${hash.slice(5)}:${count}`).join('\r\n'));
  }
}

/** In the format of the protocol. */
export function sha1(password: string): string {
  return createHash('sha1').update(password, 'utf8').digest('hex').toUpperCase();
}
