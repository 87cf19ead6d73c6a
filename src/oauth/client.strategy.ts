import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { InjectDataSource } from '@nestjs/typeorm';
import { Strategy } from 'passport';
import type { DataSource } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { Clock } from '../clock/clock.js';
import { basicCredentials } from './basic-credentials.js';
import type { Client } from './client.entity.js';
import { ClientRegistry } from './client-registry.js';
import { InvalidClient } from './oauth.errors.js';

/** A registered client, by HTTP Basic (RFC 6749 §2.3.1). */
@Injectable()
export class ClientStrategy extends PassportStrategy(Strategy, 'client') {
  // Passport calls methods on an object made from the strategy, which can't see what is `#private`.
  private readonly clients: ClientRegistry;

  constructor(@InjectDataSource() dataSource: DataSource, clock: Clock) {
    super();
    this.clients = new ClientRegistry(dataSource.manager, clock);
  }

  /** What Passport calls; see its Strategy. */
  override authenticate({ headers }: Pick<IncomingMessage, 'headers'>): void {
    this.validate(headers.authorization).then(
      (client) => this.success(client),
      (error) => this.error(error),
    );
  }

  /** @throws InvalidClient */
  async validate(authorization: string | undefined): Promise<Client> {
    const credentials = basicCredentials(authorization);
    const client = credentials && (await this.clients.authenticate(credentials.id, credentials.secret));
    if (client !== undefined) return client;
    // What is no id may be anything that somebody has typed.
    const facts = credentials && isUuid(credentials.id) ? { details: { client_id: credentials.id } } : {};
    throw new InvalidClient({ facts });
  }
}
