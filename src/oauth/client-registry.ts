import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type EntityManager, IsNull } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { AuditLog } from '../audit/audit-log.js';
import type { Clock } from '../clock/clock.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import { Client } from './client.entity.js';

const SECRET_BYTES = 32;

/** The registered clients. */
export class ClientRegistry {
  constructor(
    private readonly manager: EntityManager,
    private readonly clock: Clock,
    private readonly audit = new AuditLog(clock, manager),
  ) {}

  /** @returns the client with its secret, which is not stored and can't be shown again */
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
    await this.manager.transaction(async (manager) => {
      await manager.insert(Client, client);
      await this.audit.insert(
        manager,
        this.audit.event('client.created', { actor: 'operator', details: { client_id: client.id } }),
      );
    });
    return { client, secret };
  }

  list(): Promise<Client[]> {
    return this.manager.find(Client, { order: { id: 'ASC' } });
  }

  /** @returns false if there is no such client or it is revoked already */
  async revoke(id: string): Promise<boolean> {
    if (!isUuid(id)) return false;
    return await this.manager.transaction(async (manager) => {
      const revoked = { revokedAt: this.clock.date() };
      const { affected } = await manager.update(Client, { id, revokedAt: IsNull() }, revoked);
      if (affected !== 1) return false;
      await this.audit.insert(
        manager,
        this.audit.event('client.revoked', { actor: 'operator', details: { client_id: id } }),
      );
      return true;
    });
  }

  /** Returns the client if the secret is right and it is not revoked. */
  async authenticate(id: string, secret: string): Promise<Client | undefined> {
    if (!isUuid(id)) return undefined;
    const client = await this.manager.findOneBy(Client, { id, revokedAt: IsNull() });
    return client && timingSafeEqual(client.secretHash, sha256(secret)) ? client : undefined;
  }
}

function sha256(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
