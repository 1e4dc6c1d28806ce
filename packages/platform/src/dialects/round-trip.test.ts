import { chatCompletionChunk, chatCompletionRequest } from "@bonfire/protocol/chat-completions";
import { completion } from "@bonfire/protocol/completions";
import type { SseFrame } from "@bonfire/protocol/sse";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldGeneration } from "../engine/fold-generation.ts";
import type { FinishReason, GenerateEvent, GenerateRequest, TokenUsage } from "../engine/generation.ts";
import type { AnswerHead } from "./answer-head.ts";
import type { Delivery } from "./generation-options.ts";
import { readChatStream, writeChatBody } from "./openai-chat/calling.ts";
import { readChatCall, writeChatCompletion, writeChatFrames } from "./openai-chat/serving.ts";
import { readCompletionStream, writeCompletionBody } from "./openai-completions/calling.ts";
import { readCompletionCall, writeCompletionFrames } from "./openai-completions/serving.ts";

const HEAD: AnswerHead = { id: "chatcmpl-1", created: 1_700_000_000, model: "m" };
const DELIVERY: Delivery = { stream: true, includeUsage: true };

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
const finish = fc.constantFrom<FinishReason>("stop", "length", "tool_calls", "content_filter");
const usage: fc.Arbitrary<TokenUsage> = fc.record({
  promptTokens: fc.nat(10_000),
  completionTokens: fc.nat(10_000),
  cachedTokens: fc.option(fc.nat(10_000), { nil: undefined }),
});

/** Any legal order: deltas of up to three choices interleaved, each choice with its own end. */
function generations({ reasoning }: { reasoning: boolean }): fc.Arbitrary<GenerateEvent[]> {
  const delta = fc.record({
    type: fc.constantFrom<"text-delta" | "reasoning-delta">(
      ...(reasoning ? (["text-delta", "reasoning-delta"] as const) : (["text-delta"] as const)),
    ),
    text,
  });
  const choice = fc.record({ deltas: fc.array(delta, { maxLength: 6 }), reason: finish });
  return fc.tuple(fc.array(choice, { minLength: 1, maxLength: 3 }), usage, fc.infiniteStream(fc.nat())).map(([choices, counted, picks]) => {
    const queues = choices.map(({ deltas, reason }, index) => [
      ...deltas.map((part): GenerateEvent => ({ ...part, choice: index })),
      { type: "choice-end", choice: index, reason } satisfies GenerateEvent,
    ]);
    const events: GenerateEvent[] = [{ type: "start", upstreamId: HEAD.id }];
    for (let open = queues.filter((queue) => queue.length > 0); open.length > 0; open = queues.filter((queue) => queue.length > 0)) {
      const next = open[picks.next().value % open.length]?.shift();
      if (next !== undefined) events.push(next);
    }
    return [...events, { type: "end", usage: counted }];
  });
}

async function* from<Value>(values: Iterable<Value>): AsyncGenerator<Value> {
  yield* values;
}

/** As a socket hands it over: several at a time, or one. */
async function* dataOf(frames: AsyncIterable<SseFrame>): AsyncGenerator<readonly string[]> {
  let batch: string[] = [];
  for await (const frame of frames) {
    batch.push(frame.data);
    if (batch.length < 3) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for await (const value of values) all.push(value);
  return all;
}

const choicesIn = (events: readonly GenerateEvent[]): number => events.filter((event) => event.type === "choice-end").length;

describe("a round trip through one dialect", () => {
  it("loses nothing of a streamed chat answer", async () => {
    await fc.assert(
      fc.asyncProperty(generations({ reasoning: true }), async (events) => {
        const frames = writeChatFrames(from(events), HEAD, DELIVERY);
        expect(await collect(readChatStream(dataOf(frames), choicesIn(events)))).toEqual(events);
      }),
    );
  });

  it("loses nothing of a streamed text completion", async () => {
    await fc.assert(
      fc.asyncProperty(generations({ reasoning: false }), async (events) => {
        const frames = writeCompletionFrames(from(events), HEAD, DELIVERY);
        expect(await collect(readCompletionStream(dataOf(frames), choicesIn(events)))).toEqual(events);
      }),
    );
  });

  it("keeps every chunk within the published schema, and [DONE] last", async () => {
    await fc.assert(
      fc.asyncProperty(generations({ reasoning: true }), fc.boolean(), async (events, includeUsage) => {
        const data = (await collect(writeChatFrames(from(events), HEAD, { stream: true, includeUsage }))).map((frame) => frame.data);
        expect(data.at(-1)).toBe("[DONE]");
        const chunks = data.slice(0, -1).map((json) => chatCompletionChunk.parse(JSON.parse(json)));
        expect(chunks.filter((chunk) => chunk.usage)).toHaveLength(includeUsage ? 1 : 0);
        for (const { data } of await collect(writeCompletionFrames(from(events), HEAD, DELIVERY))) {
          if (data !== "[DONE]") completion.parse(JSON.parse(data));
        }
      }),
    );
  });

  it("folds a stream to the non-streamed answer", async () => {
    await fc.assert(
      fc.asyncProperty(generations({ reasoning: true }), async (events) => {
        const whole = writeChatCompletion(await foldGeneration(from(events)), HEAD);
        const decoded = readChatStream(dataOf(writeChatFrames(from(events), HEAD, DELIVERY)), choicesIn(events));
        expect(writeChatCompletion(await foldGeneration(decoded), HEAD)).toEqual(whole);
      }),
    );
  });

  const options = fc.record(
    {
      maxTokens: fc.integer({ min: 1, max: 100_000 }),
      seed: fc.maxSafeInteger(),
      temperature: fc.double({ min: 0, max: 2, noNaN: true }),
      topP: fc.double({ min: 0, max: 1, noNaN: true }),
      presencePenalty: fc.double({ min: -2, max: 2, noNaN: true }),
      frequencyPenalty: fc.double({ min: -2, max: 2, noNaN: true }),
      logitBias: fc
        .uniqueArray(fc.tuple(fc.nat(100_000), fc.double({ min: -100, max: 100, noNaN: true })), { selector: ([id]) => id })
        .map((pairs) => new Map(pairs)),
      user: fc.string(),
    },
    { requiredKeys: [] },
  );
  const requests = fc.tuple(options, fc.integer({ min: 1, max: 128 }), fc.array(fc.string({ minLength: 1 }), { maxLength: 4 }));

  it("loses nothing of a chat request", () => {
    const messages = fc.array(
      fc.record({ role: fc.constantFrom<"system" | "user" | "assistant">("system", "user", "assistant"), content: fc.string() }),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(requests, messages, ([given, choices, stop], history) => {
        const prompt = { kind: "chat", messages: history } as const;
        const request: GenerateRequest = { prompt, choices, stop, ...given };
        const body = writeChatBody(prompt, request, "m");
        expect(chatCompletionRequest.safeParse(body).success).toBe(true);
        expect(wire(readChatCall(json(body)).request)).toEqual(wire(request));
      }),
    );
  });

  it("loses nothing of a completion request", () => {
    const prompts = fc.oneof(
      fc.string().map((value) => ({ kind: "text", text: value }) as const),
      fc.array(fc.nat(50_000), { minLength: 1 }).map((tokens) => ({ kind: "tokens", tokens }) as const),
    );
    fc.assert(
      fc.property(requests, prompts, ([given, choices, stop], prompt) => {
        const request: GenerateRequest = { prompt, choices, stop, maxTokens: 16, ...given };
        expect(readCompletionCall(json(writeCompletionBody(prompt, request, "m"))).requests.map(wire)).toEqual([wire(request)]);
      }),
    );
  });
});

function json(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** -0 and 0 are one number on the wire, and so are numbers whose order in a map differs. */
function wire(request: GenerateRequest): unknown {
  return json({ ...request, logitBias: request.logitBias && [...request.logitBias].sort(([a], [b]) => a - b) });
}
