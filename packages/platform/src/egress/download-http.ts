import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from "undici";
import type { ProxySettings } from "./proxy-settings.ts";

/** The other side answered with a status that is not what was asked for. */
export class HttpStatusError extends Error {
  override readonly name = "HttpStatusError";
  readonly status: number;

  constructor(status: number, url: URL) {
    super(`HTTP ${status} from ${url.host}`);
    this.status = status;
  }
}

/** Connections that downloads share while they last. */
export type Connections = Dispatcher;

/** A secret, and the only origin that may see it. */
export interface OriginToken {
  readonly origin: string;
  readonly token: string;
}

interface FollowedRequest {
  readonly url: string;
  readonly method: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly authorization?: OriginToken | undefined;
  readonly signal: AbortSignal;
  readonly dispatcher: Connections;
  /** Asked at each redirect; true gives the redirect itself as the answer. */
  readonly stopAt?: (response: FollowedResponse) => boolean;
}

export interface FollowedResponse {
  readonly url: URL;
  readonly statusCode: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly body: Dispatcher.ResponseData["body"];
}

const CONNECT_TIMEOUT_MS = 3_000;
const HEADERS_TIMEOUT_MS = 30_000;
/** Longest silence in the middle of a body. */
const BODY_TIMEOUT_MS = 60_000;
const MAX_REDIRECTS = 5;

/** Runs `work` with connections of its own, closed at the end. @param proxy the way to hosts outside; none: straight */
export async function withConnections<T>(work: (connections: Connections) => Promise<T>, proxy?: ProxySettings): Promise<T> {
  const options = { connect: { timeout: CONNECT_TIMEOUT_MS }, headersTimeout: HEADERS_TIMEOUT_MS, bodyTimeout: BODY_TIMEOUT_MS };
  const dispatcher = proxy === undefined ? new Agent(options) : new EnvHttpProxyAgent({ ...options, ...proxy });
  try {
    return await work(dispatcher);
  } finally {
    await dispatcher.destroy();
  }
}

/** Follows redirects by hand, because the token must stay with its own origin. @returns any other answer, whatever its status. */
export async function requestFollowing(asked: FollowedRequest): Promise<FollowedResponse> {
  const home = new URL(asked.url);
  let url = home;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const { statusCode, headers, body } = await request(url, {
      method: asked.method,
      dispatcher: asked.dispatcher,
      signal: asked.signal,
      // Bytes are counted and resumed as they lie there, so no compression on the way.
      headers: { "user-agent": "bonfire", "accept-encoding": "identity", ...asked.headers, ...credentials(asked.authorization, url) },
    });
    const response = { url, statusCode, headers, body };
    const location = headers.location;
    const redirected = [301, 302, 303, 307, 308].includes(statusCode) && typeof location === "string";
    if (!redirected || asked.stopAt?.(response)) return response;
    await body.dump();
    const next = new URL(location, url);
    if (home.protocol === "https:" && next.protocol !== "https:")
      throw new Error(`${url.host} redirects to ${next.protocol}//, which is not encrypted`);
    url = next;
  }
  throw new Error(`more than ${MAX_REDIRECTS} redirects from ${home.host}`);
}

/** @throws where it is larger, or no JSON */
export async function readJson({ body, url }: FollowedResponse, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`${url.host} answered with more than ${maxBytes} bytes`);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

function credentials(authorization: OriginToken | undefined, url: URL): Readonly<Record<string, string>> {
  return authorization?.origin === url.origin ? { authorization: `Bearer ${authorization.token}` } : {};
}
