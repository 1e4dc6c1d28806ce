import { chatCompletion, chatCompletionChunk, chatCompletionRequest } from "@bonfire/protocol/chat-completions";
import { completion, completionChunk } from "@bonfire/protocol/completions";
import type { SseFrame } from "@bonfire/protocol/sse";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldGeneration } from "../engine/fold-generation.ts";
import type { GenerateEvent, GenerateRequest, ToolUse } from "../engine/generation.ts";
import { readChatStream, writeChatBody } from "./openai-chat/calling.ts";
import type { ChatStyle } from "./openai-chat/chat-style.ts";
import { readChatCall } from "./openai-chat/serving.ts";
import { writeChatCompletion } from "./openai-chat/serving-answer.ts";
import { writeChatFrames } from "./openai-chat/serving-stream.ts";
import { readCompletionStream, writeCompletionBody } from "./openai-completions/calling.ts";
import { readCompletionCall } from "./openai-completions/serving.ts";
import { writeCompletion } from "./openai-completions/serving-answer.ts";
import { writeCompletionFrames } from "./openai-completions/serving-stream.ts";
import { DIALECTS, HEAD, plainStyle } from "./openai-serving/testing/answer-styles.ts";
import { generations, substanceOf } from "./openai-serving/testing/arbitrary-generations.ts";

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

function throughChat(events: readonly GenerateEvent[], style: ChatStyle): AsyncIterable<GenerateEvent> {
  return readChatStream(dataOf(writeChatFrames(from(events), HEAD, style)), choicesIn(events));
}

function throughCompletions(events: readonly GenerateEvent[], style: ChatStyle): AsyncIterable<GenerateEvent> {
  return readCompletionStream(dataOf(writeCompletionFrames(from(events), HEAD, style)), choicesIn(events));
}

const EVERYTHING = generations({ reasoning: true, mostCalls: 2, logprobs: "plain" });
const WORDS = generations({ reasoning: false, mostCalls: 0, logprobs: "ids" });

/** A style in which a stream tells all that a whole answer tells: of OpenAI's, usage has to be asked for. */
const fullyTold = (style: ChatStyle): ChatStyle => ({ ...style, includeUsage: style.includeUsage || style.dialect === "openai" });

/** Every way to write an answer that changes its shape. */
const styles = fc
  .record({
    dialect: fc.constantFrom(...DIALECTS),
    includeUsage: fc.boolean(),
    logprobs: fc.constantFrom("objects" as const, "arrays" as const, undefined),
    seed: fc.option(fc.nat(100), { nil: undefined }),
    choicesPerPrompt: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ dialect, ...wishes }) => plainStyle(dialect, wishes));

describe("a streamed answer, read back", () => {
  it("has lost nothing of a chat", async () => {
    await fc.assert(
      fc.asyncProperty(EVERYTHING, async (events) => {
        const style = plainStyle("openai", { includeUsage: true, logprobs: "objects" });
        expect(substanceOf(await collect(throughChat(events, style)))).toEqual(substanceOf(events));
      }),
    );
  });

  it("has lost nothing of a text completion", async () => {
    await fc.assert(
      fc.asyncProperty(generations({ reasoning: false, mostCalls: 0, logprobs: "none" }), async (events) => {
        const style = plainStyle("openai", { includeUsage: true });
        expect(substanceOf(await collect(throughCompletions(events, style)))).toEqual(substanceOf(events));
      }),
    );
  });

  it("is the chat that is not streamed, in every style", async () => {
    await fc.assert(
      fc.asyncProperty(generations({ reasoning: true, mostCalls: 2, logprobs: "ids" }), styles.map(fullyTold), async (events, style) => {
        const whole = writeChatCompletion(await foldGeneration(from(events)), HEAD, style);
        expect(writeChatCompletion(await foldGeneration(throughChat(events, style)), HEAD, style)).toEqual(whole);
      }),
    );
  });

  it("is the chat that is not streamed, also in the older form of calls", async () => {
    await fc.assert(
      fc.asyncProperty(generations({ reasoning: true, mostCalls: 1, logprobs: "none" }), styles.map(fullyTold), async (events, plain) => {
        const style = { ...plain, logprobs: undefined, legacyFunctions: true };
        const whole = writeChatCompletion(await foldGeneration(from(events)), HEAD, style);
        expect(writeChatCompletion(await foldGeneration(throughChat(events, style)), HEAD, style)).toEqual(whole);
      }),
    );
  });

  it("is the text completion that is not streamed, in every style", async () => {
    await fc.assert(
      fc.asyncProperty(WORDS, styles.map(fullyTold), async (events, style) => {
        const whole = writeCompletion(await foldGeneration(from(events)), HEAD, style);
        expect(writeCompletion(await foldGeneration(throughCompletions(events, style)), HEAD, style)).toEqual(whole);
      }),
    );
  });
});

describe("an answer in any style", () => {
  it("keeps to the published schemas, with [DONE] last and usage at most once", async () => {
    await fc.assert(
      fc.asyncProperty(EVERYTHING, styles, async (events, style) => {
        chatCompletion.parse(writeChatCompletion(await foldGeneration(from(events)), HEAD, style));
        const data = (await collect(writeChatFrames(from(events), HEAD, style))).map((frame) => frame.data);
        expect(data.at(-1)).toBe("[DONE]");
        const chunks = data.slice(0, -1).map((json) => chatCompletionChunk.parse(JSON.parse(json)));
        expect(chunks.filter((chunk) => chunk.usage)).toHaveLength(style.includeUsage || style.dialect !== "openai" ? 1 : 0);
        const reasons = chunks.flatMap(({ choices }) => choices.flatMap(({ finish_reason }) => finish_reason ?? []));
        expect(reasons).toHaveLength(choicesIn(events));
      }),
    );
  });

  it("keeps to those of text completions as well", async () => {
    await fc.assert(
      fc.asyncProperty(WORDS, styles, async (events, style) => {
        completion.parse(writeCompletion(await foldGeneration(from(events)), HEAD, style));
        const data = (await collect(writeCompletionFrames(from(events), HEAD, style))).map((frame) => frame.data);
        expect(data.pop()).toBe("[DONE]");
        for (const json of data) completionChunk.parse(JSON.parse(json));
      }),
    );
  });
});

describe("a request, written and read", () => {
  const options = fc.record(
    {
      maxTokens: fc.integer({ min: 1, max: 100_000 }),
      seed: fc.maxSafeInteger(),
      temperature: fc.double({ min: 0, max: 2, noNaN: true }),
      topP: fc.double({ min: 0, max: 1, noNaN: true }),
      topK: fc.nat(100),
      minP: fc.double({ min: 0, max: 1, noNaN: true }),
      typicalP: fc.double({ min: 0, max: 1, noNaN: true }),
      presencePenalty: fc.double({ min: -2, max: 2, noNaN: true }),
      frequencyPenalty: fc.double({ min: -2, max: 2, noNaN: true }),
      repetitionPenalty: fc.double({ min: 0, max: 2, noNaN: true }),
      mirostat: fc.record({ target: fc.nat(10), learningRate: fc.nat(1) }),
      ignoreEos: fc.boolean(),
      logitBias: fc
        .uniqueArray(fc.tuple(fc.nat(100_000), fc.double({ min: -100, max: 100, noNaN: true })), { selector: ([id]) => id })
        .map((pairs) => new Map(pairs)),
      cacheKey: fc.string(),
    },
    { requiredKeys: [] },
  );
  const requests = fc.tuple(options, fc.integer({ min: 1, max: 128 }), fc.array(fc.string({ minLength: 1 }), { maxLength: 4 }));

  const SCHEMA = { type: "object", properties: { a: { type: "integer" } } };
  const definitions: ToolUse["definitions"] = [0, 1].map((index) => ({
    name: `f${index}`,
    parameters: SCHEMA,
    strict: index === 0,
    param: `tools[${index}].function.parameters`,
  }));
  const tools = fc.oneof(
    fc.record({ choice: fc.constantFrom("auto" as const, "none" as const, "required" as const), parallel: fc.boolean() }),
    fc.constant({ choice: "required" as const, allowed: ["f1"], parallel: false }),
  );
  const chatOptions = fc.record(
    {
      tools: tools.map((use): ToolUse => ({ definitions, ...use })),
      format: fc.constantFrom<NonNullable<GenerateRequest["format"]>>(
        { kind: "json-object", param: "response_format" },
        { kind: "json-schema", schema: SCHEMA, strict: true, name: "n", param: "response_format.json_schema.schema" },
        { kind: "regex", pattern: "a+", param: "response_format.pattern" },
        { kind: "grammar", gbnf: "root ::= [a]", param: "response_format.grammar" },
      ),
      logprobs: fc.record({ alternatives: fc.nat(20) }),
      tokenIds: fc.constant(true),
      reasoning: fc.record({ effort: fc.constantFrom("minimal", "low", "high") }),
      templateArguments: fc.constant({ a: [1] }),
      truncatePrompt: fc.integer({ min: 1, max: 1_000 }),
    },
    { requiredKeys: [] },
  );
  const messages = fc.array(
    fc.record({ role: fc.constantFrom("system" as const, "user" as const, "assistant" as const), content: fc.string() }),
    { minLength: 1 },
  );
  const called = [
    { role: "assistant", content: "", reasoning: "hm", toolCalls: [{ id: "c1", name: "f1", arguments: '{"a":1}' }] },
    { role: "tool", toolCallId: "c1", content: "2" },
  ] as const;

  it("has lost nothing of a chat", () => {
    fc.assert(
      fc.property(requests, chatOptions, messages, fc.boolean(), ([given, choices, stop], more, history, hasCalled) => {
        const prompt = { kind: "chat", messages: hasCalled ? [...history, ...called] : history } as const;
        const request: GenerateRequest = { prompt, choices, stop, overflow: "error", ...given, ...more };
        const body = json(writeChatBody(prompt, request, "m"));
        expect(chatCompletionRequest.safeParse(body).success).toBe(true);
        const call = readChatCall(body, "openai");
        expect(call.ignored).toEqual([]);
        expect(call.requests.map(wire)).toEqual([wire(request)]);
      }),
    );
  });

  it("has lost nothing of a text completion", () => {
    const prompts = fc.oneof(
      fc.string().map((value) => ({ kind: "text", text: value }) as const),
      fc.array(fc.nat(50_000), { minLength: 1 }).map((tokens) => ({ kind: "tokens", tokens }) as const),
    );
    fc.assert(
      fc.property(requests, prompts, ([given, choices, stop], prompt) => {
        const request: GenerateRequest = { prompt, choices, stop, overflow: "error", maxTokens: 16, ...given };
        const { requests: read } = readCompletionCall(json(writeCompletionBody(prompt, request, "m")), "openai");
        expect(read.map(wire)).toEqual([wire(request)]);
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
