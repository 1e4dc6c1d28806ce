import { MessageStream } from "@anthropic-ai/sdk/lib/MessageStream";
import { type MessageContentBlock, message, messageStreamEvent } from "@bonfire/protocol/message-events";
import type { SseFrame } from "@bonfire/protocol/sse";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldGeneration } from "../../engine/fold-generation.ts";
import type { FinishReason, GenerateEvent, TokenUsage } from "../../engine/generation.ts";
import { writeMessageFrames } from "./write-frames.ts";
import { type MessageStyle, writeMessage } from "./write-message.ts";

const HEAD = { id: "msg_1", model: "m" };
const STYLE: MessageStyle = { showsThinking: true };
const USAGE: TokenUsage = { promptTokens: 10, completionTokens: 5, cachedTokens: 4, reasoningTokens: 2 };

async function* from<Value>(values: Iterable<Value>): AsyncGenerator<Value> {
  yield* values;
}

async function collect(events: readonly GenerateEvent[], style = STYLE): Promise<SseFrame[]> {
  const frames: SseFrame[] = [];
  for await (const frame of writeMessageFrames(from(events), HEAD, style)) frames.push(frame);
  return frames;
}

const whole = async (events: readonly GenerateEvent[], style = STYLE): Promise<object> =>
  writeMessage(await foldGeneration(from(events)), HEAD, style);

/** What Anthropic's SDK makes of the frames. */
async function foldBySdk(frames: readonly SseFrame[]): Promise<unknown> {
  const lines = frames.filter(({ event }) => event !== "ping").map(({ data }) => new TextEncoder().encode(`${data}\n`));
  const { parsed_output: _, ...folded } = await MessageStream.fromReadableStream(ReadableStream.from(lines)).finalMessage();
  // Inputs are getters there.
  return JSON.parse(JSON.stringify(folded));
}

const piece = fc.string({ unit: "grapheme", maxLength: 6 });

/** A text in pieces. */
const cut = (text: string): fc.Arbitrary<string[]> =>
  fc.array(fc.nat(text.length), { maxLength: 3 }).map((places) => {
    const ends = [0, ...places.toSorted((a, b) => a - b), text.length];
    return ends.slice(1).map((end, index) => text.slice(ends[index], end));
  });

const call = (index: number): fc.Arbitrary<GenerateEvent[]> =>
  fc
    .dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      fc.jsonValue(),
    )
    .chain((input) => cut(JSON.stringify(input)))
    .map((pieces): GenerateEvent[] => [
      { type: "tool-call-start", choice: 0, call: index, id: `call_${index}`, name: `tool-${index}` },
      ...pieces.map((part): GenerateEvent => ({ type: "tool-call-delta", choice: 0, call: index, arguments: part })),
    ]);

/** Answers as models give them: thoughts, then text, then calls. */
const generations: fc.Arbitrary<GenerateEvent[]> = fc
  .record({
    promptTokens: fc.option(fc.nat(1_000), { nil: undefined }),
    thoughts: fc.array(piece, { maxLength: 4 }),
    texts: fc.array(piece, { maxLength: 4 }),
    calls: fc.nat(2).chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => call(index)))),
    reason: fc.constantFrom<FinishReason>("stop", "length", "tool_calls", "content_filter"),
    stopSequence: fc.option(piece, { nil: undefined }),
    usage: fc.record({
      promptTokens: fc.option(fc.integer({ min: 1_000, max: 9_000 }), { nil: undefined }),
      completionTokens: fc.option(fc.nat(1_000), { nil: undefined }),
      cachedTokens: fc.option(fc.nat(1_000), { nil: undefined }),
      reasoningTokens: fc.option(fc.nat(1_000), { nil: undefined }),
    }),
  })
  .map(({ promptTokens, thoughts, texts, calls, reason, stopSequence, usage }) => [
    { type: "start", upstreamId: undefined, ...(promptTokens === undefined ? {} : { promptTokens }) },
    ...thoughts.map((text): GenerateEvent => ({ type: "reasoning-delta", choice: 0, text })),
    ...texts.map((text): GenerateEvent => ({ type: "text-delta", choice: 0, text })),
    ...calls.flat(),
    { type: "choice-end", choice: 0, reason, ...(stopSequence === undefined ? {} : { stopSequence }) },
    { type: "end", usage },
  ]);

describe("the usage of a message", () => {
  const events: GenerateEvent[] = [
    { type: "text-delta", choice: 0, text: "hi" },
    { type: "choice-end", choice: 0, reason: "stop" },
    { type: "end", usage: USAGE },
  ];

  it.each([
    [STYLE, "standard"],
    [{ ...STYLE, serviceTier: "priority" as const }, "priority"],
  ])("says as what it was served: %j is %s", async (style, tier) => {
    expect(await whole(events, style)).toMatchObject({ usage: { service_tier: tier } });
    expect(await foldBySdk(await collect(events, style))).toMatchObject({ usage: { service_tier: tier } });
  });
});

describe("a streamed message", () => {
  it("is, as Anthropic's SDK folds it, what the whole answer is", async () => {
    await fc.assert(
      fc.asyncProperty(generations, fc.boolean(), async (events, showsThinking) => {
        const style = { showsThinking };
        expect(await foldBySdk(await collect(events, style))).toEqual(await whole(events, style));
      }),
    );
  });

  it("and a whole one keep to the schemas", async () => {
    await fc.assert(
      fc.asyncProperty(generations, async (events) => {
        message.parse(await whole(events));
        for (const { event, data } of await collect(events)) expect(messageStreamEvent.parse(JSON.parse(data)).type).toBe(event);
      }),
    );
  });

  it("has one block for each kind of content, and says in the end why it stopped", async () => {
    const frames = await collect([
      { type: "start", upstreamId: "u", promptTokens: 10 },
      { type: "reasoning-delta", choice: 0, text: "hm" },
      { type: "text-delta", choice: 0, text: "I " },
      { type: "text-delta", choice: 0, text: "ask" },
      { type: "tool-call-start", choice: 0, call: 0, id: "call_1", name: "f" },
      { type: "tool-call-delta", choice: 0, call: 0, arguments: '{"a":' },
      { type: "tool-call-delta", choice: 0, call: 0, arguments: "1}" },
      { type: "choice-end", choice: 0, reason: "tool_calls" },
      { type: "end", usage: USAGE },
    ]);
    const events = frames.map(({ data }): unknown => JSON.parse(data));
    expect(events[0]).toMatchObject({
      type: "message_start",
      message: { id: "msg_1", model: "m", content: [], stop_reason: null, usage: { input_tokens: 10, output_tokens: 0 } },
    });
    expect(events.slice(1)).toEqual([
      { type: "ping" },
      { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
      { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "" } },
      { type: "content_block_stop", index: 0 },
      { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "I " } },
      { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "ask" } },
      { type: "content_block_stop", index: 1 },
      {
        type: "content_block_start",
        index: 2,
        content_block: { type: "tool_use", id: "call_1", name: "f", input: {}, caller: { type: "direct" } },
      },
      { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: '{"a":' } },
      { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: "1}" } },
      { type: "content_block_stop", index: 2 },
      {
        type: "message_delta",
        delta: { stop_reason: "tool_use", stop_sequence: null, stop_details: null, container: null },
        usage: {
          input_tokens: 6,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 4,
          output_tokens: 5,
          output_tokens_details: { thinking_tokens: 2 },
          server_tool_use: null,
        },
      },
      { type: "message_stop" },
    ]);
  });

  it("sends nothing before the engine has something to say", async () => {
    const frames = writeMessageFrames(failAfter([{ type: "start", upstreamId: "u" }]), HEAD, STYLE);
    await expect(frames.next()).rejects.toThrow("broken");
  });

  it("says the same as a whole one in whatever order a model speaks, in blocks of their own", async () => {
    await fc.assert(
      fc.asyncProperty(generations, fc.infiniteStream(fc.nat()), async (events, picks) => {
        const shuffled = shuffleContent(events, picks);
        const folded = message.parse(await foldBySdk(await collect(shuffled)));
        expect({ ...folded, content: joinByKind(folded.content) }).toEqual(await whole(shuffled));
      }),
    );
  });
});

/** Thoughts, texts and calls in any order, each call in one piece. */
function shuffleContent(events: readonly GenerateEvent[], picks: fc.Stream<number>): GenerateEvent[] {
  const isContent = ({ type }: GenerateEvent): boolean => /delta|call/.test(type);
  const units: GenerateEvent[][] = [];
  for (const event of events.filter(isContent)) {
    if (event.type === "tool-call-delta") units.at(-1)?.push(event);
    else units.push([event]);
  }
  const [start, ...rest] = events.filter((event) => !isContent(event));
  const ranked = units.map((unit) => ({ unit, rank: picks.next().value }));
  const calls = ranked.filter(({ unit }) => unit[0]?.type === "tool-call-start").map(({ unit }) => unit);
  // Calls keep their order: they are numbered.
  const mixed = ranked
    .toSorted((a, b) => a.rank - b.rank)
    .flatMap(({ unit }) => (unit[0]?.type === "tool-call-start" ? (calls.shift() ?? []) : unit));
  return [...(start === undefined ? [] : [start]), ...mixed, ...rest];
}

function joinByKind(content: readonly MessageContentBlock[]): MessageContentBlock[] {
  const thinking = content.flatMap((block) => (block.type === "thinking" ? block.thinking : [])).join("");
  const text = content.flatMap((block) => (block.type === "text" ? block.text : [])).join("");
  return [
    ...(thinking === "" ? [] : [{ type: "thinking" as const, thinking, signature: "" }]),
    ...(text === "" ? [] : [{ type: "text" as const, text }]),
    ...content.filter((block) => block.type === "tool_use"),
  ];
}

describe("an answer", () => {
  it.each([
    ["stop", undefined, "end_turn", null],
    ["stop", "END", "stop_sequence", "END"],
    ["length", undefined, "max_tokens", null],
    ["tool_calls", undefined, "tool_use", null],
    ["content_filter", undefined, "refusal", null],
  ] as const)("that ended by %s %s says %s", async (reason, stopSequence, stop_reason, stop_sequence) => {
    const events: GenerateEvent[] = [
      { type: "choice-end", choice: 0, reason, ...(stopSequence === undefined ? {} : { stopSequence }) },
      { type: "end", usage: USAGE },
    ];
    expect(await whole(events)).toMatchObject({ content: [], stop_reason, stop_sequence });
  });

  const calling = (text: string, reason: FinishReason): GenerateEvent[] => [
    { type: "tool-call-start", choice: 0, call: 0, id: "call_1", name: "f" },
    { type: "tool-call-delta", choice: 0, call: 0, arguments: text },
    { type: "choice-end", choice: 0, reason },
    { type: "end", usage: USAGE },
  ];

  it("that was cut in the middle of a call has the call, without half of its arguments", async () => {
    const events = calling('{"a": "half of', "length");
    expect(await whole(events)).toMatchObject({ content: [{ type: "tool_use", input: {} }], stop_reason: "max_tokens" });
    expect((await collect(events)).at(-2)?.data).toContain('"stop_reason":"max_tokens"');
  });

  it.each(["[1]", "{", "null"])("with the complete arguments %s fails, since they are no object", async (text) => {
    const events = calling(text, "tool_calls");
    await expect(whole(events)).rejects.toMatchObject({ code: "invalid_model_output" });
    await expect(collect(events)).rejects.toMatchObject({ code: "invalid_model_output" });
  });

  it("counts the prompt as before the answer where the engine did not count at its end", async () => {
    const events: GenerateEvent[] = [
      { type: "start", upstreamId: undefined, promptTokens: 7 },
      { type: "choice-end", choice: 0, reason: "stop" },
      { type: "end", usage: { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined } },
    ];
    expect(await whole(events)).toMatchObject({ usage: { input_tokens: 7, cache_read_input_tokens: null, output_tokens: 0 } });
  });
});

async function* failAfter(events: readonly GenerateEvent[]): AsyncGenerator<GenerateEvent> {
  yield* events;
  throw new Error("broken");
}
