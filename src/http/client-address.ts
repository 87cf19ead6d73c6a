import { isIPv4, isIPv6 } from 'node:net';

/** For what is no address at all: whoever sends it shares one count. */
const NO_ADDRESS = 'none';

/**
 * Who a client's address is counted as: an IPv4 address as it stands, also where it is mapped into IPv6
 * (RFC 4291 §2.5.5.2) or translated (RFC 6052 §2.1); of IPv6 the first 64 bits, since the rest is the subscriber's
 * own to choose. A port that some proxies add is left out.
 */
export function addressKey(address: string | undefined): string {
  return addressLevels(address).at(-1) as string;
}

/** The networks that an address is in, up to its {@link addressKey}: of IPv6 the /48, /56 and /64. */
export function addressLevels(address: string | undefined): readonly string[] {
  if (address === undefined) return [NO_ADDRESS];
  const bare = /^\[(.*)\](?::\d+)?$/.exec(address)?.[1] ?? address;
  if (isIPv4(bare)) return [bare];
  if (isIPv6(bare)) return fold(groups(bare));
  const withoutPort = bare.replace(/:\d+$/, '');
  return [isIPv4(withoutPort) ? withoutPort : NO_ADDRESS];
}

const MAPPED = '0:0:0:0:0:65535';
const TRANSLATED = '100:65435:0:0:0:0';

function fold(parts: number[]): readonly string[] {
  const prefix = parts.slice(0, 6).join(':');
  if (prefix === MAPPED || prefix === TRANSLATED) {
    const bytes = parts.slice(6).flatMap((part) => [part >> 8, part & 255]);
    return [bytes.join('.')];
  }
  const [a, b, c, d = 0] = parts;
  const network = (last: number[], bits: number) =>
    `${[a, b, c, ...last].map((part) => (part as number).toString(16)).join(':')}::/${bits}`;
  return [network([], 48), network([d & 0xff00], 56), network([d], 64)];
}

/** The eight groups of a valid IPv6 address. */
function groups(address: string): number[] {
  const [withoutZone = ''] = address.split('%', 1);
  const [head = '', tail] = inHexadecimal(withoutZone).split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  if (tail === undefined) return parse(head);
  const [before, after] = [parse(head), parse(tail)];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** An IPv6 address without the IPv4 notation of its last 32 bits. */
function inHexadecimal(address: string): string {
  const start = address.lastIndexOf(':') + 1;
  const bytes = address.slice(start).split('.').map(Number);
  if (bytes.length !== 4) return address;
  const [a, b, c, d] = bytes as [number, number, number, number];
  return address.slice(0, start) + [a * 256 + b, c * 256 + d].map((part) => part.toString(16)).join(':');
}
