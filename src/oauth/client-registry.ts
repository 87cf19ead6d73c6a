import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type EntityManager, IsNull } from 'typeorm';
import { validate as isUuid } from 'uuid';
import type { Clock } from '../clock/clock.js';
import { uuidv7 } from '../ids/uuidv7.js';
import { Client } from './client.entity.js';

const SECRET_BYTES = 32;

/** The services that are known to this server. */
export class ClientRegistry {
  constructor(
    private readonly manager: EntityManager,
    private readonly clock: Clock,
  ) {}

  /** @returns the secret too, which is nowhere kept and can't be shown again */
  async create(name: string): Promise<{ client: Client; secret: string }> {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const now = this.clock.now();
    const client = this.manager.create(Client, {
      id: uuidv7(now),
      name,
      secretHash: sha256(secret),
      createdAt: new Date(now),
      revokedAt: null,
    });
    await this.manager.insert(Client, client);
    return { client, secret };
  }

  list(): Promise<Client[]> {
    return this.manager.find(Client, { order: { id: 'ASC' } });
  }

  /** @returns false where there is no such client, or it was revoked before */
  async revoke(id: string): Promise<boolean> {
    if (!isUuid(id)) return false;
    const { affected } = await this.manager.update(
      Client,
      { id, revokedAt: IsNull() },
      { revokedAt: this.clock.date() },
    );
    return affected === 1;
  }

  /** The client that an id and a secret prove. */
  async authenticate(id: string, secret: string): Promise<Client | undefined> {
    if (!isUuid(id)) return undefined;
    const client = await this.manager.findOneBy(Client, { id, revokedAt: IsNull() });
    return client && timingSafeEqual(client.secretHash, sha256(secret)) ? client : undefined;
  }
}

function sha256(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
