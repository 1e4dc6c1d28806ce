import { responseEvent } from "@bonfire/protocol/response-events";
import { responseObject } from "@bonfire/protocol/responses";
import fc from "fast-check";
import { accumulateResponse } from "openai/lib/responses/ResponseAccumulator";
import { describe, expect, it } from "vitest";
import type { GenerateEvent } from "../../engine/generation.ts";
import { OutputFold } from "./output-fold.ts";
import { readResponseCall } from "./read-request.ts";
import { lastEvent, ResponseFrames } from "./response-frames.ts";
import { beginResponse, endResponse } from "./response-states.ts";
import { generatedAnswers } from "./testing/generated-answers.ts";

const BEGUN = beginResponse("resp_0a", 1_700_000_000, "in_progress", readResponseCall({ model: "m", input: "hi" }).echo);

/** Each event of the whole stream, as a client parses it. */
function streamOf(events: readonly GenerateEvent[]): ReturnType<typeof responseEvent.parse>[] {
  const fold = new OutputFold(BEGUN.id);
  const frames = new ResponseFrames();
  const written = [
    frames.write({ type: "response.created", response: BEGUN }),
    ...events.flatMap((event) => fold.add(event).map((told) => frames.write(told))),
    frames.write(lastEvent(endResponse(BEGUN, fold.outcome, 1_700_000_009))),
  ];
  return written.map(({ event, data }) => {
    const parsed = responseEvent.parse(JSON.parse(data));
    expect(event).toBe(parsed.type);
    return parsed;
  });
}

function wholeOf(events: readonly GenerateEvent[]) {
  const fold = new OutputFold(BEGUN.id);
  for (const event of events) fold.add(event);
  return endResponse(BEGUN, fold.outcome, 1_700_000_009);
}

const text = (content: string): GenerateEvent => ({ type: "text-delta", choice: 0, text: content });
const end = (reason: "stop" | "length" | "tool_calls" | "content_filter"): GenerateEvent => ({ type: "choice-end", choice: 0, reason });
const USAGE: GenerateEvent = { type: "end", usage: { promptTokens: 3, completionTokens: 4, cachedTokens: 1, reasoningTokens: 2 } };

describe("the stream of a response", () => {
  it("tells of each item in OpenAI's order", () => {
    const events = streamOf([
      { type: "reasoning-delta", choice: 0, text: "hm" },
      text("a"),
      text("b"),
      { type: "tool-call-start", choice: 0, call: 0, id: "call_1", name: "f" },
      { type: "tool-call-delta", choice: 0, call: 0, arguments: "{}" },
      end("tool_calls"),
      USAGE,
    ]);
    expect(events.map(({ type }) => type)).toEqual([
      "response.created",
      "response.output_item.added",
      "response.content_part.added",
      "response.reasoning_text.delta",
      "response.reasoning_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
  });

  it("ends with the very body that a request without a stream gets", () => {
    fc.assert(
      fc.property(generatedAnswers(), (events) => {
        const last = streamOf(events).at(-1);
        expect(last).toMatchObject({ response: JSON.parse(JSON.stringify(wholeOf(events))) });
      }),
    );
  });

  it("adds up to that body in OpenAI's own accumulator before the last event", () => {
    fc.assert(
      fc.property(generatedAnswers(), (events) => {
        const stream = streamOf(events);
        let snapshot: ReturnType<typeof accumulateResponse> | undefined;
        for (const event of stream.slice(0, -1)) {
          const received: Parameters<typeof accumulateResponse>[0] = JSON.parse(JSON.stringify(event));
          snapshot = accumulateResponse(received, snapshot);
        }
        expect(JSON.parse(JSON.stringify(snapshot?.output))).toEqual(JSON.parse(JSON.stringify(wholeOf(events).output)));
      }),
    );
  });

  it("is the same each time", () => {
    fc.assert(
      fc.property(generatedAnswers(), (events) => {
        expect(streamOf(events)).toEqual(streamOf(events));
      }),
    );
  });
});

describe("a response", () => {
  it.each([
    ["stop", "completed", null, 1_700_000_009],
    ["tool_calls", "completed", null, 1_700_000_009],
    ["length", "incomplete", { reason: "max_output_tokens" }, null],
    ["content_filter", "incomplete", { reason: "content_filter" }, null],
  ] as const)("that ends with %s is %s", (reason, status, incomplete_details, completed_at) => {
    const response = responseObject.parse(wholeOf([text("a"), end(reason), USAGE]));
    expect(response).toMatchObject({ status, incomplete_details, completed_at });
    expect(response.output).toMatchObject([{ type: "message", status }]);
  });

  it("of a model that ends at once has an empty message", () => {
    expect(wholeOf([end("stop"), USAGE]).output).toMatchObject([{ type: "message", content: [{ text: "" }] }]);
  });

  it("has OpenAI's usage", () => {
    expect(wholeOf([text("a"), end("stop"), USAGE]).usage).toEqual({
      input_tokens: 3,
      input_tokens_details: { cached_tokens: 1, cache_write_tokens: 0 },
      output_tokens: 4,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 7,
    });
  });

  it("has no usage where the engine did not count", () => {
    const unknown = { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined };
    expect(wholeOf([text("a"), end("stop"), { type: "end", usage: unknown }]).usage).toBeNull();
  });

  it("has the log-probabilities of its tokens, with bytes", () => {
    const token = { token: "é", logprob: -0.5, bytes: null };
    const logprobs = [{ ...token, alternatives: [token] }];
    const { output } = wholeOf([{ type: "text-delta", choice: 0, text: "é", logprobs }, end("stop"), USAGE]);
    const written = { token: "é", logprob: -0.5, bytes: [195, 169] };
    expect(output).toMatchObject([{ content: [{ logprobs: [{ ...written, top_logprobs: [written] }] }] }]);
  });

  it("is none where the generation has no end", () => {
    expect(() => wholeOf([text("a")])).toThrow(expect.objectContaining({ code: "upstream_error" }));
  });
});
