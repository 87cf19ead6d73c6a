import type { FastifyInstance } from 'fastify';
import type { Logger } from 'nestjs-pino';

/** Writes one line per request. The path stands without its query: a secret that somebody put there is not kept. */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  fastify.addHook('onResponse', async (request, reply) => {
    logger.log(
      {
        msg: 'request',
        request_id: request.id,
        method: request.method,
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 10) / 10,
        ip: request.ip,
      },
      'http',
    );
  });
}
