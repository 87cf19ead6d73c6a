import { Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { Client } from './client.entity.js';

/** Requires a registered client. Sets `request.client`, because `request.user` is always a Principal. */
@Injectable()
export class ClientGuard extends AuthGuard('client') {
  override getAuthenticateOptions(): { property: string } {
    return { property: 'client' };
  }

  override handleRequest<T = Client>(error: unknown, client: T): T {
    if (error) throw error;
    return client;
  }
}
