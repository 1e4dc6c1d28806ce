import { NODATA, NOTFOUND, Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { hasCode } from "../processes/error-code.ts";
import { FetchRefusedError } from "./guarded-fetch-error.ts";

/** All addresses of a host name; none where the name does not exist. @throws when nobody can tell. */
export type HostResolver = (hostname: string, signal: AbortSignal) => Promise<readonly string[]>;

/** Names that only mean something inside a network. Their addresses would be refused as well; so not even the DNS server hears of them. */
const LOCAL_SUFFIXES: readonly string[] = [".local", ".localhost", ".internal", ".home.arpa"];
const DNS_TRIES = 2;
const DNS_TIMEOUT_MS = 2_000;

/**
 * The addresses to connect to for a URL's host, each of which was checked. One that is not allowed refuses the host, whatever the others
 * are. A name that does not exist is refused in the same words as one that leads inside: which names exist there is nobody's business.
 *
 * @throws FetchRefusedError
 */
export async function vetHost(
  { hostname }: URL,
  resolve: HostResolver,
  isAllowedAddress: (address: string) => boolean,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const addresses = isIP(host) === 0 ? await resolveName(host, resolve, signal) : [host];
  if (addresses.length === 0 || !addresses.every(isAllowedAddress)) {
    throw new FetchRefusedError("address", "Its host has no address in the public internet.");
  }
  return addresses;
}

async function resolveName(name: string, resolve: HostResolver, signal: AbortSignal): Promise<readonly string[]> {
  if (!name.includes(".") || LOCAL_SUFFIXES.some((suffix) => name.endsWith(suffix))) return [];
  try {
    return await resolve(name, signal);
  } catch (cause) {
    throw new FetchRefusedError("unreachable", "Its host's name cannot be looked up at the moment.", cause);
  }
}

/**
 * Asks the DNS servers of the system by Node's own client, not by `getaddrinfo`: that holds one of the few threads which the whole process shares
 * for as long as a slow server likes, cannot be aborted, and knows the names in the hosts file and the search domains.
 *
 * @param servers as `host:port`, instead of the system's.
 */
export async function resolveByDns(hostname: string, signal: AbortSignal, servers?: readonly string[]): Promise<readonly string[]> {
  signal.throwIfAborted();
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES });
  if (servers !== undefined) resolver.setServers(servers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const addresses = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    const failure = answers.find((answer) => answer.status === "rejected" && !hasCode(answer.reason, NOTFOUND, NODATA));
    if (addresses.length === 0 && failure?.status === "rejected") throw failure.reason;
    return addresses;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}
