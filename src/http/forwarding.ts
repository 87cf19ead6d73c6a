import { BlockList, isIPv6 } from 'node:net';
import { Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { addNetwork, type TrustedProxies } from '../config/trusted-proxies.js';

/** Whether an address is a trusted proxy; `hop` is 0 for the peer of the connection. */
export type TrustsProxy = (address: string | undefined, hop: number) => boolean;

/** `TRUST_PROXY` in the form that Fastify expects. */
export function trustOf(proxies: TrustedProxies): TrustsProxy {
  if ('hops' in proxies) return (_, hop) => hop < proxies.hops;
  const list = new BlockList();
  for (const network of proxies.networks) addNetwork(list, network);
  return (address = '') => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/**
 * Returns a function that drops the untrusted forwarding headers of a request. Only `X-Forwarded-For` of a trusted proxy is
 * kept. The first one from another peer is logged: either a proxy is missing in the settings, or the header is forged.
 */
export function heedForwarding(trusts: TrustsProxy = () => false): (request: FastifyRequest) => void {
  const logger = new Logger('http');
  let logged = false;
  return ({ raw: { headers, socket } }) => {
    // Fastify would use them for the host and scheme. PUBLIC_URL defines both.
    if (headers['x-forwarded-host'] !== undefined) delete headers['x-forwarded-host'];
    if (headers['x-forwarded-proto'] !== undefined) delete headers['x-forwarded-proto'];
    if (!logged && (headers['x-forwarded-for'] ?? headers.forwarded) !== undefined) {
      const peer = socket.remoteAddress;
      if (headers['x-forwarded-for'] === undefined || !trusts(peer, 0)) {
        logged = true;
        logger.warn({
          msg: 'a forwarding header was ignored, since TRUST_PROXY does not name who sent it; this is said once',
          ip: peer,
        });
      }
    }
  };
}
