import { Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

const logger = new Logger('http');

/** Logs one line per request: the route, or else the path without its query, which may contain a secret. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  logger.log({
    msg: 'request',
    request_id: request.id,
    method: request.method,
    path: request.routeOptions?.url ?? request.url.replace(/^[a-z]+:\/\/[^/]*/i, '').split(/[?#;]|%3f/i, 1)[0],
    status: reply.statusCode,
    duration_ms: Math.round(reply.elapsedTime * 10) / 10,
    ip: request.ip,
  });
}
