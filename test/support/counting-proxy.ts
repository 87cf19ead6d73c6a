import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TestServer } from './server.js';

/** A server behind an HTTP proxy with a fixed address, which is its issuer. The proxy counts requests by path. */
export class CountingProxy {
  readonly #counts = new Map<string, number>();
  server!: TestServer;

  private constructor(
    private readonly proxy: Server,
    /** The `PUBLIC_URL` of the server. */
    readonly url: string,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<CountingProxy> {
    const proxy = createServer().listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const started = new CountingProxy(proxy, `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    started.server = await TestServer.start({ PUBLIC_URL: started.url, ...settings });
    proxy.on('request', async (request, response) => {
      const path = request.url ?? '';
      started.#counts.set(path, started.count(path) + 1);
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { authorization, 'content-type': type } = request.headers;
      const answer = await fetch(started.server.client.url + path, {
        method: request.method ?? 'GET',
        headers: { ...(authorization && { authorization }), ...(type && { 'content-type': type }) },
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      });
      response.writeHead(answer.status, { 'Content-Type': answer.headers.get('content-type') ?? '' });
      response.end(await answer.text());
    });
    return started;
  }

  count(path: string): number {
    return this.#counts.get(path) ?? 0;
  }

  reset(): void {
    this.#counts.clear();
  }

  async stop(): Promise<void> {
    this.proxy.closeAllConnections();
    this.proxy.close();
    await this.server.stop();
  }
}
