import { join } from "node:path";
import { ADMIN_SOCKET } from "@bonfire/platform/processes/admin-socket";
import { hasCode } from "@bonfire/platform/processes/error-code";
import { socketDirectory } from "@bonfire/platform/processes/socket-directory";
import { errorBody } from "@bonfire/protocol/error-body";
import type { ErrorBody } from "@bonfire/protocol/errors";
import { createParser } from "eventsource-parser";
import { Agent, type Dispatcher } from "undici";
import type { z } from "zod";
import { CliError, EXIT, RefusedError } from "./exit.ts";
import { homeFolder } from "./home.ts";
import { printable } from "./terminal-text.ts";

/** Which platform a command talks to: that of `BONFIRE_HOME` on this machine, unless there is a URL. */
export interface Connection {
  readonly url?: string;
  readonly adminKey?: string;
}

interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Absolute, such as `/admin/v1/keys`. */
  readonly path: string;
  readonly body?: unknown;
  /** Sent as `if-match`. */
  readonly etag?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Variables that hold the key for calls to a platform elsewhere; the first that is set counts. */
const KEY_VARIABLES = { admin: ["BONFIRE_ADMIN_KEY"], inference: ["BONFIRE_API_KEY", "BONFIRE_ADMIN_KEY"] } as const;
const NO_CONNECTION = [
  "ECONNREFUSED",
  "ENOENT",
  "ENOTDIR",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
];

/** HTTP to a running platform: on this machine through the operator's socket, which asks for no key, elsewhere with one. */
export class PlatformConnection {
  /** For messages: the home or the URL. */
  readonly where: string;
  readonly isLocal: boolean;
  readonly #origin: string;
  readonly #agent: Agent;
  readonly #headers: Readonly<Record<string, string>>;

  /** @throws CliError when the URL or the key for it cannot be used. */
  constructor({ url, adminKey }: Connection, purpose: keyof typeof KEY_VARIABLES = "admin") {
    this.isLocal = url === undefined;
    if (url === undefined) {
      this.where = homeFolder();
      // The host name is a formality.
      this.#origin = "http://operator";
      this.#agent = new Agent({ connect: { socketPath: join(socketDirectory(this.where), ADMIN_SOCKET) } });
      this.#headers = {};
      return;
    }
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new CliError(`--url ${url} is no URL; it looks like http://10.0.0.5:8080.`, EXIT.usage);
    }
    const key = adminKey ?? KEY_VARIABLES[purpose].map((name) => process.env[name]).find((value) => value);
    if (key === undefined || key === "") {
      const kind = purpose === "admin" ? "an admin key" : "a key";
      throw new CliError(`With --url ${kind} is needed: set ${KEY_VARIABLES[purpose][0]}.`, EXIT.usage);
    }
    this.where = url;
    this.#origin = new URL(url).origin;
    this.#agent = new Agent();
    this.#headers = { authorization: `Bearer ${key}` };
  }

  /** @throws CliError with what the platform says, or that there is none. */
  async json<Output>({ answer, patient = false, ...call }: Call & { answer: z.ZodType<Output>; patient?: boolean }): Promise<Output> {
    const response = await this.#request(call, patient ? 0 : undefined);
    const parsed = answer.safeParse(parseJson(await this.#text(response)));
    if (!parsed.success) throw this.#unreadable(parsed.error);
    return parsed.data;
  }

  /** Each event of a stream. @throws CliError also when the stream ends with a failure; the signal's reason when that aborts. */
  async *events<Event>({ event, ...call }: Call & { event: z.ZodType<Event> }): AsyncGenerator<Event> {
    const response = await this.#request(call, undefined);
    let ready: string[] = [];
    const parser = createParser({ onEvent: ({ data }) => ready.push(data) });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body) {
        parser.feed(decoder.decode(chunk, { stream: true }));
        const batch = ready;
        ready = [];
        for (const data of batch) if (data !== "[DONE]") yield this.#readEvent(data, event);
      }
    } catch (error) {
      throw this.#told(error, call.signal);
    } finally {
      response.body.on("error", () => undefined);
      response.body.destroy();
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #readEvent<Event>(data: string, schema: z.ZodType<Event>): Event {
    const json = parseJson(data);
    const failure = errorBody.safeParse(json);
    if (failure.success) throw refused(failure.data);
    const event = schema.safeParse(json);
    if (!event.success) throw this.#unreadable(event.error);
    return event.data;
  }

  /** @returns an answer with a good status. */
  async #request({ method, path, body, etag, signal }: Call, headersTimeout: number | undefined): Promise<Dispatcher.ResponseData> {
    const options = {
      origin: this.#origin,
      path,
      method,
      headers: {
        ...this.#headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(etag === undefined ? {} : { "if-match": etag }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
      ...(headersTimeout === undefined ? {} : { headersTimeout }),
    };
    const response = await this.#agent.request(options).catch((error: unknown) => {
      throw this.#told(error, signal);
    });
    if (response.statusCode < 400) return response;
    const failure = errorBody.safeParse(parseJson(await this.#text(response)));
    throw failure.success ? refused(failure.data) : new CliError(`${this.where} answered with status ${response.statusCode}.`);
  }

  async #text({ body }: Dispatcher.ResponseData): Promise<string> {
    return body.text().catch((error: unknown) => {
      throw this.#told(error, undefined);
    });
  }

  /** A failure of the line, in words. */
  #told(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    if (error instanceof CliError) return error;
    const causes = error instanceof AggregateError ? error.errors : [error];
    if (causes.some((cause) => hasCode(cause, ...NO_CONNECTION))) {
      const mend = this.isLocal ? "Start one with `npm start`." : "Is it running, and is the address right?";
      return new CliError(`No platform answers at ${this.where}. ${mend}`, EXIT.unreachable, error);
    }
    if (hasCode(error, "EACCES", "EPERM")) {
      return new CliError(`The platform at ${this.where} belongs to another user. Use --url and an admin key.`, EXIT.failed, error);
    }
    const reason = error instanceof Error ? error.message : String(error);
    return new CliError(`The connection to the platform at ${this.where} broke off: ${reason}.`, EXIT.failed, error);
  }

  #unreadable(cause: unknown): CliError {
    return new CliError(`${this.where} gave an answer that this version cannot read. Are both of the same version?`, EXIT.failed, cause);
  }
}

function refused({ error }: ErrorBody): RefusedError {
  return new RefusedError(printable(error.message), error.code);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
