import { createParser } from "eventsource-parser";
import { Agent, type Dispatcher, errors } from "undici";
import type { ReplicaAddress } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";

/** Turns an answer with an error status into the failure that it means. */
type ErrorReader = (status: number, body: string, retryAfterMs: number | undefined) => EngineError;

interface EventsRequest {
  readonly body: unknown;
  /** Beside those that every call has. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
}

interface ReplicaHttpOptions {
  readonly address: ReplicaAddress;
  /** Asked before each call. */
  readonly credentials: () => Promise<string | undefined>;
  readonly readError: ErrorReader;
  /** False opens a connection for each call: right for a local socket whose server closes kept ones when it likes. */
  readonly keepConnections: boolean;
}

/** An error body is read up to this size: enough for any message, little enough for a server that lies. */
const MAX_ERROR_BODY_BYTES = 64 * 1024;
const MAX_JSON_BODY_BYTES = 64 * 1024 * 1024;
/** Below the 5 s after which llama.cpp's server closes an idle connection. */
const KEEP_ALIVE_MS = 4_000;
/** A replica that sends neither data nor keep-alives for so long is taken for dead. */
const SILENCE_TIMEOUT_MS = 300_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** From the last event to the end of its body. */
const DRAIN_MS = 1_000;

/** HTTP to one replica: bearer key, JSON in, JSON or server-sent events out, failures as `EngineError`. */
export class ReplicaHttp {
  readonly #options: ReplicaHttpOptions;
  readonly #agent: Agent;
  readonly #baseUrl: URL;

  constructor(options: ReplicaHttpOptions) {
    this.#options = options;
    const { address } = options;
    // Over a unix socket the host name is a formality.
    this.#baseUrl = new URL(`${(address.kind === "unix" ? "http://replica" : address.url).replace(/\/+$/, "")}/`);
    this.#agent = new Agent({
      connect: { timeout: CONNECT_TIMEOUT_MS, ...(address.kind === "unix" ? { socketPath: address.socketPath } : {}) },
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      headersTimeout: SILENCE_TIMEOUT_MS,
      bodyTimeout: SILENCE_TIMEOUT_MS,
      pipelining: 1,
    });
  }

  async getJson(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#readJson(await this.#request("GET", path, undefined, signal), signal);
  }

  async postJson(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#readJson(await this.#request("POST", path, body, signal), signal);
  }

  /**
   * The `data` of server-sent events, as many at a time as arrived together: a turn of the loop for each would cost more than what is done
   * with it. Leaving the loop closes the connection, which is what stops the replica.
   */
  async *postForEvents(path: string, { body, headers, signal }: EventsRequest): AsyncGenerator<readonly string[]> {
    const response = await this.#request("POST", path, body, signal, headers);
    const type = response.headers["content-type"];
    if (typeof type !== "string" || !type.startsWith("text/event-stream")) {
      const upstreamBody = await readText(response.body, MAX_ERROR_BODY_BYTES);
      throw new EngineError("bad-response", `The engine answered with ${type ?? "no content type"} instead of an event stream.`, {
        upstreamBody,
      });
    }
    let ready: string[] = [];
    let complete = false;
    const parser = createParser({
      onEvent: ({ data }) => {
        complete ||= data === "[DONE]";
        ready.push(data);
      },
    });
    // Keeps half a character until the rest of it comes.
    const decoder = new TextDecoder();
    try {
      for await (const bytes of response.body.iterator({ destroyOnReturn: false })) {
        parser.feed(decoder.decode(bytes, { stream: true }));
        if (ready.length === 0) continue;
        const batch = ready;
        ready = [];
        yield batch;
      }
    } catch (error) {
      throw toEngineError(error, "interrupted", signal);
    } finally {
      response.body.on("error", () => undefined);
      // After the last event only the end of the body is missing: reading it keeps the connection for the next call.
      if (complete && !signal.aborted && this.#options.keepConnections) drain(response.body);
      else response.body.destroy();
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #request(
    method: "GET" | "POST",
    path: string,
    body: unknown,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Dispatcher.ResponseData> {
    signal.throwIfAborted();
    const key = await this.#options.credentials();
    const url = new URL(path, this.#baseUrl);
    const options = {
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      signal,
      reset: !this.#options.keepConnections,
      headers: {
        ...headers,
        accept: "application/json, text/event-stream",
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    };
    const response = await this.#send(options, signal);
    if (response.statusCode < 400) return response;
    const text = await readText(response.body, MAX_ERROR_BODY_BYTES);
    throw this.#options.readError(response.statusCode, text, readRetryAfter(response.headers["retry-after"]));
  }

  /** A kept connection that the server had just closed fails before a byte came back: such a call is sent once more. */
  async #send(options: Dispatcher.RequestOptions, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    try {
      return await this.#agent.request(options);
    } catch (error) {
      if (!this.#options.keepConnections || !isClosedConnection(error)) throw toEngineError(error, "unreachable", signal);
    }
    try {
      return await this.#agent.request({ ...options, reset: true });
    } catch (error) {
      throw toEngineError(error, "unreachable", signal);
    }
  }

  async #readJson(response: Dispatcher.ResponseData, signal: AbortSignal): Promise<unknown> {
    const text = await readText(response.body, MAX_JSON_BODY_BYTES).catch((error: unknown) => {
      throw toEngineError(error, "interrupted", signal);
    });
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new EngineError("bad-response", "The engine's answer is not JSON.", { upstreamBody: text.slice(0, 2_000), cause });
    }
  }
}

async function readText(body: Dispatcher.ResponseData["body"], limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const bytes of body) {
    const chunk = Buffer.from(bytes);
    size += chunk.length;
    chunks.push(chunk);
    if (size > limitBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, limitBytes).toString("utf8");
}

/** Reads what is left of a body, for a moment: a server that never ends it loses its connection. */
function drain(body: Dispatcher.ResponseData["body"]): void {
  const timer = setTimeout(() => body.destroy(), DRAIN_MS);
  body.once("close", () => clearTimeout(timer));
  body.resume();
}

function isClosedConnection(error: unknown): boolean {
  return (
    error instanceof errors.SocketError ||
    (error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE"))
  );
}

function toEngineError(error: unknown, kind: "unreachable" | "interrupted", signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof EngineError) return error;
  if (
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError
  ) {
    return new EngineError("timeout", "The engine did not answer in time.", { cause: error });
  }
  const message = kind === "unreachable" ? "The engine cannot be reached." : "The connection to the engine broke off.";
  // The replica took the request and went away before it answered: it had begun.
  return new EngineError(kind === "unreachable" && isClosedConnection(error) ? "interrupted" : kind, message, { cause: error });
}

/** RFC 9110, section 10.2.3: seconds or a date. */
function readRetryAfter(value: string | string[] | undefined): number | undefined {
  if (typeof value !== "string") return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
