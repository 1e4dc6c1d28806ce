import { isIP, type LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";
import { Client, type Dispatcher, errors } from "undici";
import { isInOwnNetwork, isPublicAddress } from "./guarded-fetch-addresses.ts";
import { readLimitedBody } from "./guarded-fetch-body.ts";
import { FetchRefusedError } from "./guarded-fetch-error.ts";
import { type HostResolver, resolveByDns, vetHost } from "./guarded-fetch-host.ts";

interface GuardedFetchOptions {
  /** Whether plain http is fetched too. */
  readonly allowHttp: boolean;
  /** For everything together: names, redirects, body. */
  readonly totalMs: number;
  readonly connectMs: number;
}

/** What tests put in the place of the internet. */
interface Internet {
  readonly resolve: HostResolver;
  readonly isAllowedAddress: (address: string) => boolean;
  /** PEM of the authorities that certificates are checked against, instead of the system's. */
  readonly authorities?: string;
}

interface FetchRequest {
  /** In lower case, without parameters: `image/png`. */
  readonly mediaTypes: readonly string[];
  /** Of the body, packed and unpacked. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

interface FetchedContent {
  readonly bytes: Buffer;
  /** One of those that were asked for. */
  readonly mediaType: string;
}

const MAX_REDIRECTS = 3;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const MAX_URL_LENGTH = 8_192;

const INTERNET: Internet = {
  resolve: resolveByDns,
  isAllowedAddress: (address) => isPublicAddress(address) && !isInOwnNetwork(address, networkInterfaces()),
};

/**
 * Fetches URLs that users give, without letting them reach what only this machine can reach. A host's addresses are looked up and checked
 * once, and the connection goes to exactly those, so that a name which changes its mind gains nothing; every redirect is checked like the
 * first URL. It sends no cookies, no credentials and no referrer, uses no proxy and keeps no connection. All ports are allowed.
 */
export class GuardedFetch {
  readonly #options: GuardedFetchOptions;
  readonly #internet: Internet;

  constructor(options: GuardedFetchOptions, internet: Internet = INTERNET) {
    this.#options = options;
    this.#internet = internet;
  }

  /** @throws FetchRefusedError, or the reason of the signal. */
  async fetch(source: string, { signal, ...request }: FetchRequest): Promise<FetchedContent> {
    signal.throwIfAborted();
    const overtime = new AbortController();
    const timer = setTimeout(() => overtime.abort(), this.#options.totalMs);
    try {
      return await this.#follow(source, { ...request, signal: AbortSignal.any([signal, overtime.signal]) });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (overtime.signal.aborted) throw new FetchRefusedError("time", "Its server took too long.", error);
      throw toRefusal(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #follow(source: string, request: FetchRequest): Promise<FetchedContent> {
    let url = this.#parse(source);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await this.#get(url, request);
      if (!("location" in answer)) return answer;
      url = this.#parse(answer.location, url);
    }
    throw new FetchRefusedError("redirect", `Its server redirects more than ${MAX_REDIRECTS} times.`);
  }

  #parse(source: string, base?: URL): URL {
    const url = source.length <= MAX_URL_LENGTH && URL.canParse(source, base?.href) ? new URL(source, base) : undefined;
    if (url?.protocol !== "https:" && !(url?.protocol === "http:" && this.#options.allowHttp)) {
      const subject = base === undefined ? "It is" : "Its server redirects to what is";
      throw new FetchRefusedError("scheme", `${subject} not a URL that begins with https://.`);
    }
    if (url.username !== "" || url.password !== "") {
      throw new FetchRefusedError("scheme", "URLs with a user name or a password in them are not fetched.");
    }
    return url;
  }

  async #get(url: URL, { mediaTypes, maxBytes, signal }: FetchRequest): Promise<FetchedContent | { readonly location: string }> {
    const addresses = await vetHost(url, this.#internet.resolve, this.#internet.isAllowedAddress, signal);
    signal.throwIfAborted();
    const { connectMs, totalMs } = this.#options;
    const client = new Client(url.origin, {
      connect: { timeout: connectMs, lookup: pinnedTo(addresses), ca: this.#internet.authorities },
      headersTimeout: totalMs,
      bodyTimeout: totalMs,
    });
    try {
      const { statusCode, headers, body } = await client.request({
        method: "GET",
        path: url.pathname + url.search,
        headers: { accept: mediaTypes.join(", "), "accept-encoding": "identity", "user-agent": "bonfire" },
        signal,
      });
      // A body that nobody reads to its end fails when its connection goes.
      body.on("error", () => undefined);
      if (REDIRECTS.includes(statusCode)) return { location: readLocation(headers) };
      if (statusCode !== 200) throw new FetchRefusedError("status", `Its server answered with status ${statusCode}.`);
      const mediaType = readMediaType(headers, mediaTypes);
      return { bytes: await readLimitedBody(body, headers, maxBytes), mediaType };
    } finally {
      await client.destroy();
    }
  }
}

/** Answers what was found out before, whoever asks: sockets connect to nothing else. */
function pinnedTo(addresses: readonly string[]): LookupFunction {
  const entries = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_hostname, { all }, callback) => {
    const [first = { address: "", family: 0 }] = entries;
    if (all === true) callback(null, entries);
    else callback(null, first.address, first.family);
  };
}

function readLocation({ location }: Dispatcher.ResponseData["headers"]): string {
  if (typeof location === "string") return location;
  throw new FetchRefusedError("redirect", "Its server redirects without saying where to.");
}

function readMediaType({ "content-type": type }: Dispatcher.ResponseData["headers"], allowed: readonly string[]): string {
  const mediaType = typeof type === "string" ? (type.split(";", 1)[0] ?? "").trim().toLowerCase() : "";
  if (allowed.includes(mediaType)) return mediaType;
  throw new FetchRefusedError(
    "type",
    `Its server says that it is ${/^[\w.+/-]{1,100}$/.test(mediaType) ? mediaType : "of no known type"}.`,
  );
}

function toRefusal(error: unknown): FetchRefusedError {
  if (error instanceof FetchRefusedError) return error;
  if (error instanceof errors.ConnectTimeoutError) return new FetchRefusedError("time", "Its server took too long.", error);
  return new FetchRefusedError("unreachable", "Its server cannot be reached, or the connection to it broke off.", error);
}
