import { BlockList, isIP } from 'node:net';
import { ConfigError, type Parser } from './setting.js';

/** Proxies whose `X-Forwarded-For` is trusted: by address, or by their number in a chain. */
export type TrustedProxies = { networks: readonly string[] } | { hops: number };

const EXAMPLE = '10.0.0.0/8,fd00::/8';

/** A number of hops, or comma-separated addresses and networks (CIDR). */
export const trustedProxies: Parser<TrustedProxies> = (text, name) => {
  if (/^\d{1,2}$/.test(text)) {
    const hops = Number(text);
    if (hops < 1 || hops > 16) throw new ConfigError(name, 'must be 1 to 16 if it is a number of proxies', '1');
    return Object.freeze({ hops });
  }
  const networks = text.split(',').map((part) => part.trim());
  for (const network of networks) {
    try {
      addNetwork(new BlockList(), network);
    } catch {
      throw new ConfigError(name, `must list addresses or networks; "${network}" is neither`, EXAMPLE);
    }
  }
  return Object.freeze({ networks: Object.freeze(networks) });
};

/** Adds an address or a network. @throws RangeError if it is neither, or if it contains all addresses */
export function addNetwork(list: BlockList, network: string): void {
  const [address = '', length] = network.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (length === undefined) list.addAddress(address, family);
  else if (/^[1-9]\d{0,2}$/.test(length) && network.split('/').length === 2) {
    list.addSubnet(address, Number(length), family);
  } else throw new RangeError(network);
}
