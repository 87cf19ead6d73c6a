import { Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { Client } from './client.entity.js';

/** Requires a registered client. */
@Injectable()
export class ClientGuard extends AuthGuard('client') {
  override handleRequest<T = Client>(error: unknown, client: T): T {
    if (error) throw error;
    return client;
  }
}
