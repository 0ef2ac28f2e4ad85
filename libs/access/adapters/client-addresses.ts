import ipaddr from 'ipaddr.js';

/** Hops of `X-Forwarded-For` that are looked at, from the right. */
export const FORWARDED_HOPS_MAX = 10;

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Where a request comes from: the socket, or, behind configured proxies only, the last hop that is none of them. */
export class ClientAddresses {
  private readonly trusted: readonly Range[];

  /** @throws {TypeError} naming the entry that is no CIDR. */
  constructor(trustedProxies: readonly string[]) {
    this.trusted = trustedProxies.map(parseRange);
  }

  of(
    socketAddress: string | undefined,
    forwardedFor: string | readonly string[] | undefined,
  ): string {
    let address = normalized(socketAddress ?? '');
    if (address === undefined) return 'unknown';
    if (this.trusted.length === 0 || forwardedFor === undefined) return address;
    const hops = [forwardedFor].flat().join(',').split(',').slice(-FORWARDED_HOPS_MAX);
    while (this.isTrusted(address)) {
      const hop = normalized(hops.pop()?.trim() ?? '');
      if (hop === undefined) break;
      address = hop;
    }
    return address;
  }

  private isTrusted(address: string): boolean {
    const parsed = ipaddr.process(address);
    return this.trusted.some(
      ([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits),
    );
  }
}

/** One caller is one IPv4 address or one IPv6 /64, which is what a single line is given. */
export function addressKey(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString();
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}

// Some proxies write the client's port, too.
const WITH_PORT = /^(?:((?:\d{1,3}\.){3}\d{1,3})|\[([\da-f:.]+)\])(?::\d{1,5})?$/i;

/** IPv4 mapped into IPv6 is IPv4; a zone index is dropped, and a port. */
function normalized(text: string): string | undefined {
  const [, four, six] = WITH_PORT.exec(text) ?? [];
  const [address = ''] = (four ?? six ?? text).split('%');
  return ipaddr.isValid(address) && (address.includes(':') || address.split('.').length === 4)
    ? ipaddr.process(address).toString()
    : undefined;
}

function parseRange(text: string): Range {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.process(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch {
    throw new TypeError(`trusted proxy ${text} is no address and no CIDR`);
  }
}
