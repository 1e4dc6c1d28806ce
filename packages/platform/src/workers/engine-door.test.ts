import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiError } from "@bonfire/protocol/errors";
import { afterEach, describe, expect, it } from "vitest";
import { bearer } from "../egress/bearer.ts";
import type { ModelClient } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { GenerateEvent, GenerateRequest, TokenizeRequest } from "../engine/generation.ts";
import { engineConformance } from "../engine/testing/conformance.ts";
import { startFakeReplica } from "../engine/testing/fake-replica.ts";
import { until } from "../engine/testing/until.ts";
import { openaiCompatible } from "../engines/openai-compatible/openai-compatible.ts";
import { connectRelay, RelayedClient } from "../engines/relayed/relayed-client.ts";
import { claimSocket } from "../processes/claim-socket.ts";
import { type AcquireModel, createEngineDoor } from "./engine-door.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function relayed(acquire: AcquireModel) {
  const folder = mkdtempSync(join(tmpdir(), "bf-"));
  const path = join(folder, "engine.sock");
  const server = createEngineDoor(acquire);
  await claimSocket(server, path);
  const http = connectRelay(path);
  const close = async () => {
    await http.close();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { client: new RelayedClient(http, "m"), close };
}

engineConformance("an engine in another process", async () => {
  const fake = await startFakeReplica({ model: "fake", contextLength: 400 });
  const engine = openaiCompatible.connect({ address: { kind: "url", url: fake.url }, model: "fake", credentials: bearer("secret") });
  const { client, close } = await relayed(async () => ({ client: engine, release: () => undefined }));
  return {
    client,
    busy: async () => fake.busy(),
    slots: 4,
    contextLength: 400,
    close: async () => {
      await close();
      await engine.close();
      await fake.close();
    },
  };
});

/** An engine by script, and what it was given. */
async function scripted(engine: Partial<ModelClient>, acquire?: AcquireModel) {
  const released: string[] = [];
  const whole: ModelClient = { health: async () => ({ state: "ready" }), close: async () => undefined, ...engine };
  const { client, close } = await relayed(acquire ?? (async (model) => ({ client: whole, release: () => void released.push(model) })));
  closing.push(close);
  return { client, released };
}

const REQUEST: GenerateRequest = { prompt: { kind: "text", text: "a" }, choices: 1, stop: [] };
const NEVER = new AbortController().signal;

async function collect(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent[]> {
  const all: GenerateEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("a request in another process", () => {
  it("arrives as it was sent, and so do its events", async () => {
    const seen: GenerateRequest[] = [];
    const events: GenerateEvent[] = [
      { type: "start", upstreamId: "x", promptTokens: 3, unenforced: ["not at a"] },
      {
        type: "text-delta",
        choice: 0,
        text: 'a "logprob":"-Infinity"\n\nb',
        logprobs: [
          { token: "a", logprob: Number.NEGATIVE_INFINITY, bytes: null, alternatives: [{ token: "b", logprob: -0.25, bytes: [195] }] },
        ],
        tokenIds: [7],
      },
      { type: "choice-end", choice: 0, reason: "stop", stopSequence: "x" },
      { type: "end", usage: { promptTokens: 3, completionTokens: 1, cachedTokens: 0 } },
    ];
    const { client, released } = await scripted({
      generate: async function* (request) {
        seen.push(request);
        yield* events;
      },
    });
    const request: GenerateRequest = {
      ...REQUEST,
      prompt: { kind: "chat", messages: [{ role: "user", content: "\u{FFFD}🔥" }] },
      logitBias: new Map([[3, -100]]),
      trace: { "x-request-id": "req_1" },
      templateArguments: { nested: { list: [1, null] } },
    };
    expect(await collect(client.generate(request, NEVER))).toEqual(events);
    expect(seen).toEqual([request]);
    await until(async () => released.length === 1);
  });

  it("is counted and read back in tokens", async () => {
    const { client } = await scripted({
      tokenize: async (request: TokenizeRequest) => (request.addSpecialTokens === false ? [1, 2] : []),
      detokenize: async (tokens) => tokens.join("+"),
    });
    expect(await client.tokenize({ prompt: REQUEST.prompt, addSpecialTokens: false }, NEVER)).toEqual([1, 2]);
    expect(await client.detokenize([4, 5], NEVER)).toBe("4+5");
  });

  it("is abandoned there when it is abandoned here", async () => {
    let aborted = false;
    const { client, released } = await scripted({
      generate: async function* (_, signal) {
        yield { type: "start", upstreamId: undefined };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        aborted = true;
      },
    });
    for await (const _ of client.generate(REQUEST, NEVER)) break;
    await until(async () => aborted && released.length === 1);
  });
});

describe("a failure in another process", () => {
  const overflow = new EngineError("context-overflow", "too long", {
    promptTokens: 9,
    contextTokens: 8,
    param: "messages",
    retryAfterMs: 5,
  });

  it.each([
    ["before the answer", []],
    ["in its middle", [{ type: "text-delta", choice: 0, text: "a" }] satisfies GenerateEvent[]],
  ])("of an engine %s is the same failure here", async (_, before) => {
    const { client } = await scripted({
      generate: async function* () {
        yield* before;
        throw overflow;
      },
    });
    const error = await failureOf(collect(client.generate(REQUEST, NEVER)));
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ kind: overflow.kind, message: overflow.message, details: overflow.details });
  });

  it("of a load is told as the fleet tells it", async () => {
    const { client } = await scripted({}, async () => {
      throw new ApiError("model_unavailable", "It is being loaded.", { retryAfterSeconds: 3, cause: new Error("no memory") });
    });
    for (const work of [client.load(NEVER), collect(client.generate(REQUEST, NEVER)), client.tokenize({ prompt: REQUEST.prompt }, NEVER)]) {
      const error = await failureOf(work);
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({ code: "model_unavailable", headers: { "retry-after": "3" }, cause: { message: "no memory" } });
    }
  });

  it("of what the engine cannot do names that", async () => {
    const { client } = await scripted({});
    expect(await failureOf(client.detokenize([1], NEVER))).toMatchObject({ kind: "unsupported" });
  });

  it("of the process itself is an interrupted answer, or nobody to be reached", async () => {
    const { client } = await scripted({
      generate: async function* () {
        yield { type: "text-delta", choice: 0, text: "a" };
        await new Promise(() => undefined);
      },
    });
    const events = client.generate(REQUEST, NEVER)[Symbol.asyncIterator]();
    await events.next();
    const next = failureOf(Promise.resolve(events.next()));
    for (const close of closing.splice(0)) void close();
    expect(await next).toMatchObject({ kind: "interrupted" });
    expect(await failureOf(client.health(AbortSignal.timeout(5_000)))).toBeInstanceOf(Error);
  });
});
