import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { readCookie } from './cookies.js';

/** Where a request comes from. */
export interface ClientContext {
  ip: string;
  userAgent?: string | undefined;
  requestId: string;
  /** The value of the device cookie, unverified; nothing if there is none or more than one. */
  deviceCookie?: string | undefined;
  /** The value of the session cookie, likewise. A sign-in ends the session that it replaces. */
  sessionCookie?: string | undefined;
}

type ContextSource = Pick<FastifyRequest, 'ip' | 'id' | 'headers'> & Partial<Pick<FastifyRequest, 'server'>>;

/** For code below the controllers, which use {@link CurrentClient}. An AsyncLocalStorage would cost every request its run. */
export function clientContextOf({ ip, id, headers, server }: ContextSource): ClientContext {
  const client: ClientContext = { ip, requestId: id, userAgent: headers['user-agent'] };
  const names = headers.cookie === undefined ? undefined : server?.cookieNames;
  if (names !== undefined) {
    client.deviceCookie = readCookie(headers.cookie, names.device).value;
    client.sessionCookie = readCookie(headers.cookie, names.session).value;
  }
  return client;
}

/** The client that sends the request. */
export const CurrentClient = createParamDecorator(
  (_: unknown, context: ExecutionContext): ClientContext => clientContextOf(context.getArgByIndex<FastifyRequest>(0)),
);
