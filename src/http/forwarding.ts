import { BlockList, isIPv6 } from 'node:net';
import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { addNetwork, type TrustedProxies } from '../config/trusted-proxies.js';

/** Whether what an address says of whom it forwards for is believed; `hop` counts from the connection, which is 0. */
export type TrustsProxy = (address: string | undefined, hop: number) => boolean;

/** `TRUST_PROXY` as Fastify takes it. */
export function trustOf(proxies: TrustedProxies): TrustsProxy {
  if ('hops' in proxies) return (_, hop) => hop < proxies.hops;
  const list = new BlockList();
  for (const network of proxies.networks) addNetwork(list, network);
  return (address = '') => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/**
 * Leaves of the forwarding headers nothing but what is believed: `X-Forwarded-For` of trusted proxies. One that comes
 * from anybody else is told of once, since either a proxy is not configured or somebody forges.
 */
export function heedForwarding(fastify: FastifyInstance, trusts: TrustsProxy = () => false): void {
  const logger = new Logger('http');
  let told = false;
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { headers, socket } = request.raw;
    // With a trusted proxy Fastify would answer to these; the service has one name, and it is in PUBLIC_URL.
    if (headers['x-forwarded-host'] !== undefined) delete headers['x-forwarded-host'];
    if (headers['x-forwarded-proto'] !== undefined) delete headers['x-forwarded-proto'];
    if (!told && (headers['x-forwarded-for'] ?? headers.forwarded) !== undefined) {
      const peer = socket.remoteAddress;
      if (headers['x-forwarded-for'] === undefined || !trusts(peer, 0)) {
        told = true;
        logger.warn({
          msg: 'a forwarding header was ignored, since TRUST_PROXY does not name who sent it; this is said once',
          ip: peer,
        });
      }
    }
    done();
  });
}
