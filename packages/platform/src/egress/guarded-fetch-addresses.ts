import { isIP } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";
import ipaddr from "ipaddr.js";

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Azure answers virtual machines with metadata and credentials on an address that is public by its number. */
const PUBLIC_BY_NUMBER_ONLY: readonly Network[] = [ipaddr.parseCIDR("168.63.129.16/32")];
/** All that IANA has given out for use in the internet; the library calls everything that it does not know unicast. */
const GLOBAL_UNICAST: Network = ipaddr.parseCIDR("2000::/3");
/** RFC 6052: what IPv6-only networks turn the addresses of IPv4 hosts into. */
const WELL_KNOWN_NAT64: Network = ipaddr.parseCIDR("64:ff9b::/96");
/** RFC 5214, section 6.1: these 32 bits before an IPv4 address make an interface identifier that tunnels to it. */
const ISATAP: readonly number[] = [0x0000_5efe, 0x0200_5efe];

/**
 * Whether an IP address belongs to a host in the public internet: nothing private, loopback, link-local, shared, multicast, reserved, or
 * a form of IPv6 that stands for such an IPv4 address. Forms that translate (mapped, NAT64) are what they stand for; those that tunnel
 * (6to4, Teredo, ISATAP) are refused, since nobody needs them any more. Source: IANA's special-purpose address registries.
 */
export function isPublicAddress(address: string): boolean {
  const parsed = parse(address);
  if (parsed === undefined) return false;
  if (parsed instanceof ipaddr.IPv4) return isPublicIpv4(parsed);
  if (parsed.range() === "ipv4Mapped" || parsed.match(WELL_KNOWN_NAT64)) return isPublicIpv4(lastFourBytes(parsed));
  return parsed.range() === "unicast" && parsed.match(GLOBAL_UNICAST) && !isIsatap(parsed);
}

/** Whether an address is this machine's own, or of a neighbour on one of its networks: firewalls towards the internet do not protect those. */
export function isInOwnNetwork(address: string, interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): boolean {
  const parsed = parse(address);
  if (parsed === undefined) return false;
  const translated = parsed instanceof ipaddr.IPv6 && (parsed.range() === "ipv4Mapped" || parsed.match(WELL_KNOWN_NAT64));
  const real = translated ? lastFourBytes(parsed) : parsed;
  return Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .some(({ address: own, cidr }) => {
      const network = ipaddr.parseCIDR(cidr ?? `${own}/${isIP(own) === 4 ? 32 : 128}`);
      return network[0].kind() === real.kind() && real.match(network);
    });
}

/** Only the forms that sockets take: the library alone also reads octal numbers and single integers. */
function parse(address: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const family = isIP(address);
  // A zone names an interface of this machine.
  if (family === 0 || address.includes("%")) return undefined;
  if (family === 4) return ipaddr.IPv4.parse(address);
  // By way of a URL, which writes hexadecimal groups alone: the library takes `::1.2.3.4` for `::ffff:1.2.3.4`.
  return ipaddr.IPv6.parse(new URL(`http://[${address}]`).hostname.slice(1, -1));
}

function isPublicIpv4(address: ipaddr.IPv4): boolean {
  return address.range() === "unicast" && !PUBLIC_BY_NUMBER_ONLY.some((network) => address.match(network));
}

function lastFourBytes(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

function isIsatap({ parts: [, , , , high = 0, low = 0] }: ipaddr.IPv6): boolean {
  return ISATAP.includes(high * 0x1_0000 + low);
}
