import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { Credentials, OutgoingCall, ReplicaAddress, SignedCall } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { type AnswerHead, Exchange } from "./exchange.ts";
import { hideSignature } from "./hide-signature.ts";
import { readBeginning, unpacked } from "./replica-body.ts";
import { isClosedConnection, toReplicaFailure } from "./replica-failure.ts";
import { readRetryAfterMs } from "./retry-after.ts";

/** Turns an answer with an error status into the failure that it means. */
type ErrorReader = (status: number, body: string, retryAfterMs: number | undefined, headers: IncomingHttpHeaders) => EngineError;

export interface ReplicaHttpOptions {
  readonly address: ReplicaAddress;
  readonly credentials: Credentials;
  readonly readError: ErrorReader;
  /** False opens a connection for each call: right for a local socket whose server closes kept ones when it likes. */
  readonly keepConnections: boolean;
  /** Sent with each call. Names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Added to each call's query. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** Told to the credentials. */
  readonly model?: string | undefined;
}

export interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
}

export interface Answer extends AnswerHead {
  readonly exchange: Exchange;
  /** What the call was signed with: nothing that the answer says may repeat it. */
  readonly signature: SignedCall["headers"];
}

/** An error body is read up to this size: enough for any message, little enough for a server that lies. */
const MAX_ERROR_BODY_BYTES = 64 * 1024;
const ERROR_BODY_MS = 5_000;
/** Below the 5 s after which most servers close an idle connection. */
const KEEP_ALIVE_MS = 4_000;
/** A replica that sends neither data nor keep-alives for so long is taken for dead. */
const SILENCE_TIMEOUT_MS = 300_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** A kept connection that the server had closed meanwhile fails this soon. */
const STALE_WITHIN_MS = 1_000;
/** Statuses that other credentials might not have met with. */
const CREDENTIALS_AT_FAULT: ReadonlySet<number> = new Set([401, 402, 403, 429]);
/** Paths of calls are few, but some engines write numbers into them. */
const MOST_KNOWN_URLS = 32;

/**
 * Signed calls to one replica, up to status and headers of the answer. Redirects are not followed, since what is sent was signed for one
 * server.
 */
export class ReplicaCalls {
  readonly #options: ReplicaHttpOptions;
  readonly #pool: ConnectionPool;
  readonly #baseUrl: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #urls = new Map<string, URL>();

  constructor(options: ReplicaHttpOptions) {
    this.#options = options;
    const { address, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
    // Over a unix socket the host name is a formality.
    this.#baseUrl = new URL(`${(address.kind === "unix" ? "http://replica" : address.url).replace(/\/+$/, "")}/`);
    this.#headers = { ...options.headers, accept: "application/json, text/event-stream", "accept-encoding": "identity" };
    this.#pool = new ConnectionPool(this.#baseUrl.origin, {
      connect: { timeout: connectTimeoutMs, ...(address.kind === "unix" ? { socketPath: address.socketPath } : {}) },
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      headersTimeout: SILENCE_TIMEOUT_MS,
      bodyTimeout: SILENCE_TIMEOUT_MS,
      pipelining: 1,
    });
  }

  /** @returns an answer with a status below 300. @throws EngineError for any other, or the signal's reason */
  async send(call: Call): Promise<Answer> {
    const { signal } = call;
    signal.throwIfAborted();
    const outgoing = this.#outgoing(call);
    const signed = await this.#options.credentials(outgoing);
    signal.throwIfAborted();
    const answer = await this.#exchange(outgoing, signed, signal);
    if (answer.status < 300) return answer;
    throw await this.#failureOf(answer, signed, signal);
  }

  /** The beginning of a body that is not what was asked for, for logs. A server that breaks off or dawdles has said enough. */
  async readWrongBody({ exchange, headers, signature }: Answer, signal: AbortSignal): Promise<string> {
    const timer = setTimeout(() => exchange.leave(), ERROR_BODY_MS);
    try {
      const text = await readBeginning(unpacked(exchange, headers), MAX_ERROR_BODY_BYTES);
      signal.throwIfAborted();
      return hideSignature(text, signature);
    } finally {
      clearTimeout(timer);
      exchange.leave();
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  #outgoing({ method, path, body, headers }: Call): OutgoingCall {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const contentType = text === undefined ? undefined : { "content-type": "application/json" };
    return {
      method,
      url: this.#url(path),
      headers: { ...this.#headers, ...headers, ...contentType },
      body: text,
      model: this.#options.model,
    };
  }

  #url(path: string): URL {
    const known = this.#urls.get(path);
    if (known !== undefined) return known;
    const url = new URL(path, this.#baseUrl);
    for (const [name, value] of Object.entries(this.#options.query ?? {})) url.searchParams.set(name, value);
    if (this.#urls.size < MOST_KNOWN_URLS) this.#urls.set(path, url);
    return url;
  }

  /** A kept connection that the server had just closed fails before a byte came back: such a call is sent once more. */
  async #exchange({ method, url, headers, body }: OutgoingCall, signed: SignedCall, signal: AbortSignal): Promise<Answer> {
    const options: Dispatcher.DispatchOptions = {
      path: url.pathname + url.search,
      method,
      headers: { ...headers, ...signed.headers },
      body: body ?? null,
      reset: !this.#options.keepConnections,
    };
    const first = new Exchange(this.#pool, this.#pool.take(), signal);
    try {
      return { ...(await first.send(options)), exchange: first, signature: signed.headers };
    } catch (error) {
      if (signal.aborted || !isClosedConnection(error) || !wasStale(first)) throw failed(error, first, signal);
    }
    const second = new Exchange(this.#pool, this.#pool.open(), signal);
    try {
      return { ...(await second.send(options)), exchange: second, signature: signed.headers };
    } catch (error) {
      throw failed(error, second, signal);
    }
  }

  async #failureOf(answer: Answer, signed: SignedCall, signal: AbortSignal): Promise<EngineError> {
    const { status, headers } = answer;
    const body = await this.readWrongBody(answer, signal);
    if (status < 400) {
      const details = { status, upstreamBody: body };
      return new EngineError("bad-response", `The engine redirects (status ${status}); redirects are not followed.`, details);
    }
    const error = this.#options.readError(status, body, readRetryAfterMs(headers, Date.now()), headers);
    // The same statuses stand for content that is not wanted and prompts that are too long.
    if (!CREDENTIALS_AT_FAULT.has(status) || (error.kind !== "refused" && error.kind !== "rate-limited")) return error;
    const hasOtherCredentials = signed.refused?.(status, error.details.retryAfterMs) === true;
    if (!hasOtherCredentials) return error;
    return new EngineError(error.kind, error.message, { ...error.details, cause: error.cause, hasOtherCredentials });
  }
}

function wasStale({ wentOutOnUsed, hasAnswerBegun, sentAt = 0 }: Exchange): boolean {
  return wentOutOnUsed && !hasAnswerBegun && performance.now() - sentAt < STALE_WITHIN_MS;
}

function failed(error: unknown, { sentAt }: Exchange, signal: AbortSignal): unknown {
  return toReplicaFailure(error, sentAt === undefined ? "connecting" : "begun", signal);
}
