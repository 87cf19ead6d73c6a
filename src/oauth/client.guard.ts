import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequestLimit } from '../rate-limits/request-limit.js';
import type { Client } from './client.entity.js';

/** Requires a registered client. Sets `request.client`, because `request.user` is always a Principal. */
@Injectable()
export class ClientGuard extends AuthGuard('client') {
  constructor(private readonly requests: RequestLimit) {
    super();
  }

  /** @throws InvalidClient, TooManyRequests */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest & { client?: Client }>();
    await this.requests.admit(request, http.getResponse<FastifyReply>(), {
      credential: request.headers.authorization,
      authenticate: async () => {
        await super.canActivate(context);
        const { id } = request.client as Client;
        return { id, event: { actor: 'client', details: { client_id: id } } };
      },
    });
    return true;
  }

  override getAuthenticateOptions(): { property: string } {
    return { property: 'client' };
  }

  override handleRequest<T = Client>(error: unknown, client: T): T {
    if (error) throw error;
    return client;
  }
}
