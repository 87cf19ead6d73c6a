import { DataSource } from 'typeorm';
import { Clock } from '../../src/clock/clock.js';
import { ClientRegistry } from '../../src/oauth/client-registry.js';
import type { Answer, Client } from './client.js';
import type { TestServer } from './server.js';

/** A registered service that introspects and revokes tokens. */
export class Service {
  constructor(
    private readonly client: Client,
    readonly id: string,
    readonly secret: string,
  ) {}

  static async register(server: TestServer, name = 'a service'): Promise<Service> {
    const registry = new ClientRegistry(server.get(DataSource).manager, new Clock());
    const { client, secret } = await registry.create(name);
    return new Service(server.client, client.id, secret);
  }

  introspect(token: string): Promise<Answer> {
    return this.post('/oauth/introspect', new URLSearchParams({ token }).toString());
  }

  revoke(token: string): Promise<Answer> {
    return this.post('/oauth/revoke', new URLSearchParams({ token }).toString());
  }

  /** Sends a form unchanged. */
  post(path: string, body: string, headers: Record<string, string> = {}): Promise<Answer> {
    const form = { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: basic(this.id, this.secret) };
    return this.client.post(path, { body, headers: { ...form, ...headers } });
  }
}

/** HTTP Basic (RFC 7617). */
export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}
