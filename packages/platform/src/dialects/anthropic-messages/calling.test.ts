import type { SseFrame } from "@bonfire/protocol/sse";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldGeneration } from "../../engine/fold-generation.ts";
import type { GenerateEvent } from "../../engine/generation.ts";
import { generations, substanceOf } from "../openai-serving/testing/arbitrary-generations.ts";
import { readMessagesStream } from "./calling.ts";
import { writeMessageFrames } from "./write-frames.ts";
import { writeMessage } from "./write-message.ts";

const HEAD = { id: "msg_1", model: "m" };
const STYLE = { showsThinking: true };

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

/** One choice, as the format has it; counts that it can tell: a prompt is never empty, and what was cached is part of it. */
const ANSWERS = generations({ reasoning: true, mostCalls: 2, logprobs: "none" }).map((events) =>
  events
    .filter((event) => !("choice" in event) || event.choice === 0)
    .map((event): GenerateEvent => {
      if (event.type !== "end") return event;
      const { promptTokens = 0, cachedTokens = 0 } = event.usage;
      return { ...event, usage: { ...event.usage, promptTokens: promptTokens + cachedTokens + 1 } };
    }),
);

const withoutStart = (events: readonly GenerateEvent[]): unknown => substanceOf(events.filter(({ type }) => type !== "start"));

describe("a message", () => {
  it("that is streamed and read back has lost nothing", async () => {
    await fc.assert(
      fc.asyncProperty(ANSWERS, async (events) => {
        const read = await collect(readMessagesStream(dataOf(writeMessageFrames(from(events), HEAD, STYLE))));
        expect(withoutStart(read)).toEqual(withoutStart(events));
        expect(read[0]).toMatchObject({ type: "start", upstreamId: "msg_1" });
      }),
    );
  });

  it("that comes as a whole is the one that is streamed", async () => {
    await fc.assert(
      fc.asyncProperty(ANSWERS, async (events) => {
        // Where calls stand among texts is not told by a fold.
        const generation = await foldGeneration(from(events));
        const read = readMessagesStream(from([[JSON.stringify(writeMessage(generation, HEAD, STYLE))]]));
        const { choices, usage } = await foldGeneration(read);
        expect({ choices: withParsedCalls(choices), usage }).toEqual({
          choices: withParsedCalls(generation.choices),
          usage: generation.usage,
        });
      }),
    );
  });
});

/** The spelling of arguments may differ, their value may not. */
function withParsedCalls(choices: Awaited<ReturnType<typeof foldGeneration>>["choices"]): unknown {
  return choices.map(({ toolCalls, ...choice }) => ({
    ...choice,
    toolCalls: toolCalls.map(({ arguments: text, ...call }) => ({ ...call, arguments: JSON.parse(text) })),
  }));
}

const START = { type: "message_start", message: { id: "msg_1", usage: { input_tokens: 10, output_tokens: 1 } } };
const TEXT = { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };
const HI = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "hi" } };
const STOP = { type: "content_block_stop", index: 0 };
const STOPPED = { type: "message_stop" };
const ended = (stop_reason: string, usage: object = { output_tokens: 5 }): object => ({
  type: "message_delta",
  delta: { stop_reason },
  usage,
});

const streamOf = (events: readonly object[]): AsyncIterable<readonly string[]> => from(events.map((event) => [JSON.stringify(event)]));
const read = (...events: readonly object[]): Promise<GenerateEvent[]> =>
  collect(readMessagesStream(streamOf(events), { ignored: ["user"] }));
const fold = (...events: readonly object[]) => foldGeneration(readMessagesStream(streamOf(events)));

describe("the events of a message", () => {
  it("begin with what is known before the answer", async () => {
    expect((await read(START, { type: "ping" }, TEXT, HI, STOP, ended("end_turn"), STOPPED))[0]).toEqual({
      type: "start",
      upstreamId: "msg_1",
      promptTokens: 10,
      ignored: ["user"],
    });
  });

  it("count what is read from the cache and written to it as part of the prompt", async () => {
    const usage = { input_tokens: 3, cache_creation_input_tokens: 20, cache_read_input_tokens: 100, output_tokens: 1 };
    const counted = { output_tokens: 7, output_tokens_details: { thinking_tokens: 4 } };
    const answer = await fold({ type: "message_start", message: { id: "m", usage } }, TEXT, HI, STOP, ended("end_turn", counted), STOPPED);
    expect(answer.usage).toEqual({ promptTokens: 123, completionTokens: 7, cachedTokens: 100, reasoningTokens: 4 });
  });

  it.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["pause_turn", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["tool_use", "stop"],
    ["refusal", "content_filter"],
    ["something_new", "stop"],
  ])("that end with %s have the finish reason %s", async (said, reason) => {
    expect((await fold(START, TEXT, HI, STOP, ended(said), STOPPED)).choices[0]?.finishReason).toBe(reason);
  });

  it("tell which sequence ended them", async () => {
    const ending = { type: "message_delta", delta: { stop_reason: "stop_sequence", stop_sequence: "END" }, usage: null };
    expect((await fold(START, TEXT, HI, STOP, ending, STOPPED)).choices[0]?.stopSequence).toBe("END");
  });

  it("keep thoughts apart, and pass over those that nobody can read and their signatures", async () => {
    const answer = await fold(
      START,
      { type: "content_block_start", index: 0, content_block: { type: "redacted_thinking", data: "xyz" } },
      { type: "content_block_start", index: 1, content_block: { type: "thinking", thinking: "", signature: "" } },
      { type: "content_block_delta", index: 1, delta: { type: "thinking_delta", thinking: "hm" } },
      { type: "content_block_delta", index: 1, delta: { type: "signature_delta", signature: "abc" } },
      { ...TEXT, index: 2 },
      { ...HI, index: 2 },
      { type: "content_block_delta", index: 2, delta: { type: "citations_delta", citation: {} } },
      ended("end_turn"),
      STOPPED,
    );
    expect(answer.choices[0]).toMatchObject({ text: "hi", reasoning: "hm" });
  });

  it("make a call without arguments one of an empty object, unless it was cut off", async () => {
    const call = { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "t", name: "f", input: {} } };
    const silent = { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: "" } };
    expect((await fold(START, call, silent, STOP, ended("tool_use"), STOPPED)).choices[0]?.toolCalls).toEqual([
      { id: "t", name: "f", arguments: "{}" },
    ]);
    expect((await fold(START, call, ended("max_tokens"), STOPPED)).choices[0]?.toolCalls[0]?.arguments).toBe("");
  });

  it("pass over tools that run on the other side", async () => {
    const server = {
      type: "content_block_start",
      index: 0,
      content_block: { type: "server_tool_use", id: "s", name: "web_search", input: {} },
    };
    const piece = { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: "{}" } };
    const answer = await fold(START, server, piece, STOP, { ...TEXT, index: 1 }, { ...HI, index: 1 }, ended("end_turn"), STOPPED);
    expect(answer.choices[0]).toMatchObject({ text: "hi", toolCalls: [], finishReason: "stop" });
  });

  it("may end without a last word", async () => {
    expect((await fold(START, TEXT, HI, ended("end_turn"))).choices[0]?.text).toBe("hi");
  });

  it.each<[string, readonly object[], string]>([
    ["the message is not finished", [START, TEXT, HI], "interrupted"],
    ["nothing comes", [], "interrupted"],
    [
      "the server says that it failed",
      [START, TEXT, HI, { type: "error", error: { type: "overloaded_error", message: "m" } }],
      "overloaded",
    ],
    ["a piece belongs to no block", [START, HI], "bad-response"],
    [
      "a call has no name",
      [START, { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "t" } }],
      "bad-response",
    ],
    ["an event has another shape", [START, { type: "content_block_delta", index: "0" }], "bad-response"],
  ])("fail where %s", async (_, events, kind) => {
    await expect(read(...events)).rejects.toMatchObject({ name: "EngineError", kind });
  });

  it("hand out what came before a failure", async () => {
    const seen: GenerateEvent[] = [];
    const events = [START, TEXT, HI, { type: "error", error: { type: "api_error", message: "the GPU fell off" } }];
    const reading = async (): Promise<void> => {
      for await (const event of readMessagesStream(from([events.map((event) => JSON.stringify(event))]))) seen.push(event);
    };
    await expect(reading()).rejects.toThrow("the GPU fell off");
    expect(seen.map(({ type }) => type)).toEqual(["start", "text-delta"]);
  });

  it("are left at the last one, which closes the stream", async () => {
    let isClosed = false;
    async function* endless(): AsyncGenerator<readonly string[]> {
      try {
        yield [START, TEXT, HI, ended("end_turn"), STOPPED].map((event) => JSON.stringify(event));
        await new Promise(() => undefined);
      } finally {
        isClosed = true;
      }
    }
    expect((await collect(readMessagesStream(endless()))).at(-1)).toMatchObject({ type: "end" });
    expect(isClosed).toBe(true);
  });
});
