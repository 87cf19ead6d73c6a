import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Everything that is not an address shares one counter. */
const NO_ADDRESS = 'none';

/** The networks of IPv6 addresses that sent requests lately. */
const recent = new Map<string, readonly string[]>();
const MAX_RECENT = 1000;
const LONGEST_IPV6 = 45;

/**
 * The key under which a client's address is counted: an IPv4 address itself, also where it is mapped into IPv6
 * (RFC 4291 §2.5.5.2) or translated (RFC 6052 §2.1); of IPv6 the first 64 bits, since a subscriber can choose the rest.
 * The port that some proxies add is ignored.
 */
export function addressKey(address: string | undefined): string {
  return addressLevels(address).at(-1) as string;
}

/** The networks that contain an address, from the widest to its {@link addressKey}: of IPv6 the /48, /56 and /64. */
export function addressLevels(address: string | undefined): readonly string[] {
  if (address === undefined) return [NO_ADDRESS];
  const bare = /^\[(.*)\](?::\d+)?$/.exec(address)?.[1] ?? address;
  if (isIPv4(bare)) return [bare];
  if (isIPv6(bare)) return recentLevelsOfIPv6(bare);
  const withoutPort = bare.replace(/:\d+$/, '');
  return [isIPv4(withoutPort) ? withoutPort : NO_ADDRESS];
}

/** Parsing takes 15 µs, more than all other work of most requests with an IPv6 address. */
function recentLevelsOfIPv6(address: string): readonly string[] {
  let levels = recent.get(address);
  if (levels === undefined) {
    levels = levelsOfIPv6(address);
    if (recent.size >= MAX_RECENT) recent.clear();
    // A zone identifier can have any length.
    if (address.length <= LONGEST_IPV6) recent.set(address, levels);
  }
  return levels;
}

function levelsOfIPv6(address: string): readonly string[] {
  // Node.js accepts zone identifiers that ipaddr.js does not.
  const [withoutZone = ''] = address.split('%', 1);
  const parsed = ipaddr.IPv6.parse(withoutZone);
  if (parsed.isIPv4MappedAddress()) return [parsed.toIPv4Address().toString()];
  if (parsed.range() === 'rfc6052') return [parsed.toByteArray().slice(12).join('.')];
  return [48, 56, 64].map((bits) => {
    const network = ipaddr.IPv6.networkAddressFromCIDR(`${withoutZone}/${bits}`);
    return `${network.parts
      .slice(0, Math.ceil(bits / 16))
      .map(hex)
      .join(':')}::/${bits}`;
  });
}

const hex = (group: number) => group.toString(16);
