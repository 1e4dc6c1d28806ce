import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldGeneration } from "../engine/fold-generation.ts";
import type { FinishReason, GenerateEvent } from "../engine/generation.ts";
import { AnswerRecorder } from "./record-answer.ts";
import { replayAnswer } from "./replay-answer.ts";
import { answerOf, GREETING } from "./testing/sample-answers.ts";

const NEVER = new AbortController().signal;
const END: GenerateEvent = { type: "end", usage: { promptTokens: 1, completionTokens: 2, cachedTokens: undefined } };
const text = (piece: string, choice = 0): GenerateEvent => ({ type: "text-delta", choice, text: piece });
const ended = (choice = 0, reason: FinishReason = "stop"): GenerateEvent => ({ type: "choice-end", choice, reason });

function record(events: readonly GenerateEvent[], options: Partial<ConstructorParameters<typeof AnswerRecorder>[0]> = {}) {
  const recorder = new AnswerRecorder({ choices: 1, ...options });
  for (const event of events) recorder.note(event);
  return recorder.complete();
}

async function* streamed(events: readonly GenerateEvent[]): AsyncGenerator<GenerateEvent> {
  yield* events;
}

describe("a recorded answer", () => {
  it("has the pieces of a text joined, for each choice", () => {
    const events = [text("a"), text("x", 1), text("b"), text("y", 1), ended(), ended(1), END];
    expect(record(events, { choices: 2 })).toEqual([text("ab"), text("xy", 1), ended(), ended(1), END]);
  });

  it("keeps what lies between two pieces in its place", () => {
    const call: GenerateEvent[] = [
      { type: "tool-call-start", choice: 0, call: 0, id: "one", name: "wave" },
      { type: "tool-call-delta", choice: 0, call: 0, arguments: '{"a"' },
      { type: "tool-call-delta", choice: 0, call: 0, arguments: ":1}" },
      { type: "tool-call-start", choice: 0, call: 1, id: "two", name: "wave" },
      { type: "tool-call-delta", choice: 0, call: 1, arguments: "{}" },
    ];
    const thought: GenerateEvent = { type: "reasoning-delta", choice: 0, text: "hm" };
    const events = record([thought, thought, text("a"), ...call, text("b"), ended(0, "tool_calls"), END]);
    expect(events?.map((event) => ("arguments" in event ? event.arguments : "text" in event ? event.text : event.type))).toEqual([
      "hmhm",
      "a",
      "tool-call-start",
      '{"a":1}',
      "tool-call-start",
      "{}",
      "b",
      "choice-end",
      "end",
    ]);
  });

  it("leaves the events that pass by as they are", () => {
    const first = Object.freeze({ type: "text-delta", choice: 0, text: "a", tokenIds: Object.freeze([1]) }) satisfies GenerateEvent;
    record([first, { ...first, tokenIds: [2] }, ended(), END]);
    expect(first).toEqual({ type: "text-delta", choice: 0, text: "a", tokenIds: [1] });
  });

  it("names neither the run that it was made in nor how long that waited", () => {
    const start: GenerateEvent = { type: "start", upstreamId: "chatcmpl-1", queuedMs: 12, promptTokens: 3, ignored: ["user"] };
    expect(record([start, ended(), END])?.[0]).toStrictEqual({ type: "start", upstreamId: undefined, promptTokens: 3, ignored: ["user"] });
  });

  it.each([
    ["it has not ended", [text("a"), ended()]],
    ["a choice has not ended", [text("a"), END]],
    ["a filter ended it", [text("a"), ended(0, "content_filter"), END]],
    ["it is too large", [...Array.from({ length: 20 }, () => text("x".repeat(100))), ended(), END]],
  ])("is none where %s", (_why, events) => {
    expect(record(events, { mostBytes: 2_000 })).toBeUndefined();
  });

  it.each(["stop", "length", "tool_calls"] as const)("is one where it ended with %s", (reason) => {
    expect(record([text("a"), ended(0, reason), END])).toBeDefined();
  });

  it("is the same answer as the one that was streamed, however it was cut into pieces", async () => {
    const piece = fc.record({ choice: fc.nat(2), text: fc.string(), kind: fc.constantFrom("text", "tokens", "logprobs", "reasoning") });
    await fc.assert(
      fc.asyncProperty(fc.array(piece), async (pieces) => {
        const events = [
          ...pieces.map(({ choice, text, kind }, index): GenerateEvent => {
            if (kind === "reasoning") return { type: "reasoning-delta", choice, text };
            const logprobs = [{ token: text, tokenId: index, logprob: -1, bytes: null, alternatives: [] }];
            return {
              type: "text-delta",
              choice,
              text,
              ...(kind === "tokens" && { tokenIds: [index] }),
              ...(kind === "logprobs" && { logprobs }),
            };
          }),
          ...[0, 1, 2].map((choice) => ended(choice)),
          END,
        ];
        const recorded = record(events, { choices: 3 }) ?? [];
        expect(await foldGeneration(streamed(recorded))).toEqual(await foldGeneration(streamed(events)));
      }),
    );
  });
});

describe("a replayed answer", () => {
  it("is the events that were stored, usage and all", async () => {
    const events: GenerateEvent[] = [];
    for await (const event of replayAnswer(answerOf(GREETING), NEVER)) events.push(event);
    expect(events).toEqual(GREETING);
  });

  it("stops when the request is given up", async () => {
    const reason = new Error("the client hung up");
    const cancel = new AbortController();
    const events: GenerateEvent[] = [];
    const reading = async () => {
      for await (const event of replayAnswer(answerOf(GREETING), cancel.signal)) {
        events.push(event);
        cancel.abort(reason);
      }
    };
    await expect(reading()).rejects.toBe(reason);
    expect(events).toHaveLength(1);
  });
});
