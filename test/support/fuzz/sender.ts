import { Agent, request as httpRequest } from 'node:http';
import { type Client, PASSWORD } from '../client.js';
import type { FuzzAnswer } from './judge.js';
import type { FuzzRequest } from './requests.js';

/** Sends requests as a user with an account, and registers a new one when the account is lost. */
export class Sender {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #client: Client;
  #has: Record<string, string> = {};
  #accounts = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  async send(request: FuzzRequest): Promise<FuzzAnswer> {
    if (this.#has.username === undefined) await this.#signUp();
    const fill = (text: string) => text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => this.#has[name] ?? whole);
    const body = request.body === undefined ? undefined : Buffer.from(fill(request.body).toWellFormed());
    const headers: Record<string, string> = {};
    for (const [name, value] of request.headers) headers[name] = fill(value);
    const answer = await this.#exchange(request, headers, body);
    // The account may be gone or have another password, the session may have ended.
    if (answer.status === 401 || (answer.status === 204 && request.method !== 'OPTIONS')) this.#has = {};
    return answer;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #signUp(): Promise<void> {
    this.#accounts += 1;
    const username = `fuzzer${this.#accounts}`;
    const email = `${username}@example.com`;
    await this.#client.post('/auth/register', { body: { username, email, password: PASSWORD } });
    const { access_token, refresh_token } = await this.#client.logIn(username);
    const passwords = { password: PASSWORD, current_password: PASSWORD, new_password: `${PASSWORD}, another` };
    this.#has = { username, email, access_token, refresh_token, ...passwords };
  }

  #exchange(
    { method, target }: FuzzRequest,
    headers: Record<string, string>,
    body: Buffer | undefined,
  ): Promise<FuzzAnswer> {
    const { hostname, port } = new URL(this.#client.url);
    const began = performance.now();
    const length = body === undefined ? {} : { 'Content-Length': body.length };
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({
        hostname,
        port,
        method,
        path: target,
        agent: this.#agent,
        headers: { ...headers, ...length },
      });
      outgoing.setTimeout(20_000, () => outgoing.destroy(new Error(`no answer to ${method} ${target} within 20 s`)));
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const milliseconds = performance.now() - began;
          const text = Buffer.concat(chunks).toString();
          resolve({ status: incoming.statusCode as number, headers: incoming.headers, text, milliseconds });
        });
      });
      outgoing.end(body);
    });
  }
}
