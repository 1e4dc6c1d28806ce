import type { IncomingHttpHeaders } from "node:http";
import { EngineError } from "../engine/engine-error.ts";
import { readWhole, unpacked } from "./replica-body.ts";
import { type Answer, type Call, ReplicaCalls, type ReplicaHttpOptions } from "./replica-calls.ts";
import { type EventAnswer, ReplicaEvents } from "./replica-events.ts";
import { toReplicaFailure } from "./replica-failure.ts";

interface EventsRequest {
  readonly body: unknown;
  /** Beside those that every call has. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
  /** Whether nothing but the end of the body follows; `[DONE]` where it is not said. */
  readonly isLast?: (data: string) => boolean;
}

const MAX_JSON_BYTES = 64 * 1024 * 1024;
const MAX_EVENT_BYTES = 16 * 1024 * 1024;
/** From the last event to the end of its body: mostly they come in one packet. */
const DRAIN = { waitMs: 10, forMs: 1_000 };
const SHOWN_TYPE = /^[\w.+/-]{1,100}$/;

/** HTTP to one replica: signed JSON in, JSON or server-sent events out, failures as `EngineError`. All that comes back is bounded. */
export class ReplicaHttp {
  readonly #calls: ReplicaCalls;
  readonly #keepsConnections: boolean;

  constructor(options: ReplicaHttpOptions) {
    this.#calls = new ReplicaCalls(options);
    this.#keepsConnections = options.keepConnections;
  }

  /** @throws EngineError, or the signal's reason */
  getJson(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#json({ method: "GET", path, body: undefined, signal });
  }

  /** @throws EngineError, or the signal's reason */
  postJson(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#json({ method: "POST", path, body, signal });
  }

  /**
   * The `data` of server-sent events, in batches as they arrive; an answer that is JSON instead is one of them. The request goes out when
   * the first is asked for. Leaving the loop closes the connection, which is what stops the replica.
   */
  postForEvents(path: string, { body, headers, signal, isLast = isDone }: EventsRequest): ReplicaEvents {
    return new ReplicaEvents({
      open: async () => this.#eventsOf(await this.#calls.send({ method: "POST", path, body, headers, signal }), signal),
      maxEventBytes: MAX_EVENT_BYTES,
      isLast,
      toFailure: (error) => toReplicaFailure(error, "begun", signal),
    });
  }

  close(): Promise<void> {
    return this.#calls.close();
  }

  async #json(call: Call): Promise<unknown> {
    const text = await readText(await this.#calls.send(call), call.signal);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new EngineError("bad-response", "The engine's answer is not JSON.", { upstreamBody: text.slice(0, 2_000), cause });
    }
  }

  async #eventsOf(answer: Answer, signal: AbortSignal): Promise<EventAnswer> {
    const { exchange, headers } = answer;
    const type = mediaTypeOf(headers);
    if (type === "text/event-stream") {
      const leave = (isWhole: boolean): Promise<void> | undefined => {
        if (isWhole && !signal.aborted && this.#keepsConnections) return exchange.drain(DRAIN);
        exchange.leave();
        return undefined;
      };
      return { kind: "events", source: unpacked(exchange, headers), leave };
    }
    if (type === "application/json" || type.endsWith("+json")) return { kind: "text", text: await readText(answer, signal) };
    const upstreamBody = await this.#calls.readWrongBody(answer, signal);
    const named = SHOWN_TYPE.test(type) ? type : "no content type";
    throw new EngineError("bad-response", `The engine answered with ${named} instead of an event stream.`, { upstreamBody });
  }
}

async function readText({ exchange, headers }: Answer, signal: AbortSignal): Promise<string> {
  try {
    return await readWhole(unpacked(exchange, headers), MAX_JSON_BYTES);
  } catch (error) {
    throw toReplicaFailure(error, "begun", signal);
  } finally {
    exchange.leave();
  }
}

function isDone(data: string): boolean {
  return data === "[DONE]";
}

/** In lower case, without parameters. */
function mediaTypeOf({ "content-type": type = "" }: IncomingHttpHeaders): string {
  return (type.split(";", 1)[0] ?? "").trim().toLowerCase();
}
