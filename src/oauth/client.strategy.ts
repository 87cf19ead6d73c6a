import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { InjectDataSource } from '@nestjs/typeorm';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport';
import type { DataSource } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { RepeatedEvents } from '../audit/repeated-events.js';
import { Clock } from '../clock/clock.js';
import { clientContextOf } from '../http/client-context.js';
import { basicCredentials } from './basic-credentials.js';
import type { Client } from './client.entity.js';
import { ClientRegistry } from './client-registry.js';
import { InvalidClient } from './oauth.errors.js';

/** A registered client, by HTTP Basic (RFC 6749 §2.3.1). */
@Injectable()
export class ClientStrategy extends PassportStrategy(Strategy, 'client') {
  // Passport calls methods on an object made from the strategy, which can't see what is `#private`.
  private readonly clients: ClientRegistry;

  constructor(
    @InjectDataSource() dataSource: DataSource,
    clock: Clock,
    private readonly repeated: RepeatedEvents,
  ) {
    super();
    this.clients = new ClientRegistry(dataSource.manager, clock);
  }

  /** What Passport calls; see its Strategy. */
  override authenticate(request: unknown): void {
    this.validate(request as FastifyRequest).then(
      (client) => this.success(client),
      (error) => this.error(error),
    );
  }

  /** @throws InvalidClient */
  async validate(request: FastifyRequest): Promise<Client> {
    const credentials = basicCredentials(request.headers.authorization);
    const client = credentials && (await this.clients.authenticate(credentials.id, credentials.secret));
    if (client !== undefined) return client;
    // Text that is no id may be anything, such as a password.
    const claimed = credentials && isUuid(credentials.id) ? { client_id: credentials.id } : {};
    await this.repeated.recordRefused('client.refused', {
      actor: 'client',
      client: clientContextOf(request),
      details: { code: InvalidClient.code, ...claimed },
    });
    throw new InvalidClient();
  }
}
