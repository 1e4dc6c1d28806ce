import { z } from "zod";
import { ReplicaHttp } from "../../egress/replica-http.ts";
import type { ModelClient, ReplicaHealth } from "../../engine/engine.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateEvent, GenerateRequest, TokenizeRequest } from "../../engine/generation.ts";
import { decodeFailure } from "./relay-failure.ts";
import { encodeRequest, isLastEvent, LOADED, RELAY_PATHS, type RelayedCall } from "./relay-wire.ts";
import { RelayedEvents } from "./relayed-events.ts";

const tokens = z.object({ tokens: z.array(z.int()) });
const text = z.object({ text: z.string() });
const health = z.object({
  state: z.enum(["ready", "starting"]),
  busySlots: z.int().exactOptional(),
  models: z
    .array(
      z.object({
        id: z.string(),
        contextLength: z.int().exactOptional(),
        chat: z.boolean().exactOptional(),
        vision: z.boolean().exactOptional(),
      }),
    )
    .exactOptional(),
});

/** HTTP to the process that keeps the engines. The socket is private: who can open it may use them. */
export function connectRelay(socketPath: string): ReplicaHttp {
  return new ReplicaHttp({
    address: { kind: "unix", socketPath },
    credentials: async () => ({ headers: {} }),
    readError: (status, body) =>
      new EngineError("bad-response", `The engine's side answered with status ${status}.`, { status, upstreamBody: body }),
    keepConnections: true,
  });
}

/** A model whose engine another process of this platform keeps; it does what that engine does. */
export class RelayedClient implements ModelClient {
  readonly #http: ReplicaHttp;
  readonly #model: string;

  /** @param http shared by all models; closed by whoever made it. */
  constructor(http: ReplicaHttp, model: string) {
    this.#http = http;
    this.#model = model;
  }

  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    const body = this.#call(encodeRequest(request));
    return new RelayedEvents(this.#http.postForEvents(RELAY_PATHS.generate, { body, signal, isLast: isLastEvent }));
  }

  /** Waits until the model is loaded. @throws what its lease is refused with, or the signal's reason. */
  async load(signal: AbortSignal): Promise<void> {
    const path = RELAY_PATHS.load;
    for await (const batch of this.#http.postForEvents(path, { body: this.#call(null), signal, isLast: isLastEvent })) {
      for (const event of batch) {
        if (event === LOADED) return;
        throw decodeFailure(JSON.parse(event)) ?? new EngineError("bad-response", "What the engine's side said of a load cannot be read.");
      }
    }
    throw new EngineError("interrupted", "The engine's side ended while a model was loaded.");
  }

  async tokenize(request: TokenizeRequest, signal: AbortSignal): Promise<readonly number[]> {
    return (await this.#ask(RELAY_PATHS.tokenize, request, tokens, signal)).tokens;
  }

  async detokenize(ids: readonly number[], signal: AbortSignal): Promise<string> {
    return (await this.#ask(RELAY_PATHS.detokenize, ids, text, signal)).text;
  }

  health(signal: AbortSignal): Promise<ReplicaHealth> {
    return this.#ask(RELAY_PATHS.health, null, health, signal);
  }

  async close(): Promise<void> {
    // Its connections are those of all models.
  }

  async #ask<Value>(path: string, request: unknown, schema: z.ZodType<Value>, signal: AbortSignal): Promise<Value> {
    const answer = await this.#http.postJson(path, this.#call(request), signal);
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw decodeFailure(answer) ?? new EngineError("bad-response", "The engine's answer cannot be read.", { cause: parsed.error });
  }

  #call(request: unknown): RelayedCall {
    return { model: this.#model, request };
  }
}
