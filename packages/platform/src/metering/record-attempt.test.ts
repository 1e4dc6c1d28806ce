import { describe, expect, it } from "vitest";
import { EngineError } from "../engine/engine-error.ts";
import type { EventIterator } from "../engine/event-iterator.ts";
import type { GenerateEvent } from "../engine/generation.ts";
import type { AttemptFacts, AttemptResult } from "./attempt.ts";
import { type Attempt, LedgerUnavailableError } from "./ledger.ts";
import { recordAttempt } from "./record-attempt.ts";
import { FACTS } from "./testing/sample-attempts.ts";

const START: GenerateEvent = { type: "start", upstreamId: "x", promptTokens: 11 };
const THOUGHT: GenerateEvent = { type: "reasoning-delta", choice: 0, text: "hm" };
const WORD: GenerateEvent = { type: "text-delta", choice: 0, text: "word" };
const CHOICE_END: GenerateEvent = { type: "choice-end", choice: 0, reason: "length" };
const END: GenerateEvent = { type: "end", usage: { promptTokens: 11, completionTokens: 2, cachedTokens: 4 } };

/** Records a call whose clock ticks 10 ms with each event, and writes down what happened in which order. */
function record(
  script: readonly (GenerateEvent | Error)[],
  signal = new AbortController().signal,
  { facts = FACTS, countedBy = "engine" }: { facts?: AttemptFacts; countedBy?: "engine" | "cache" } = {},
) {
  let now = 1_000;
  const log: string[] = [];
  const results: AttemptResult[] = [];
  const attempt: Attempt = {
    id: "att_1",
    end: (result) => {
      log.push("end written");
      results.push(result);
    },
  };
  async function* call(): AsyncGenerator<GenerateEvent> {
    log.push("sent");
    try {
      for (const step of script) {
        now += 10;
        if (step instanceof Error) throw step;
        yield step;
      }
    } finally {
      log.push("call over");
    }
  }
  const begun: AttemptFacts[] = [];
  const ledger = {
    begin: (asked: AttemptFacts) => {
      begun.push(asked);
      log.push("begin written");
      return attempt;
    },
  };
  const events = recordAttempt({ ledger, facts, countedBy, events: call(), signal, now: () => now });
  return { events, log, results, begun };
}

async function drain(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent[]> {
  const all: GenerateEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe("a recorded attempt", () => {
  it.each([
    [12.6, 13],
    [0, 0],
    [null, null],
    [Number.NaN, null],
    [-1, null],
  ])("that waited %s ms for a place has waited %s", async (queuedMs, told) => {
    const { events, begun } = record([START, END], undefined, { facts: { ...FACTS, queuedMs } });
    await drain(events);
    expect(begun).toEqual([{ ...FACTS, queuedMs: told }]);
  });

  it("that a stored answer made unnecessary has its tokens, and says that nobody computed them", async () => {
    const { events, results } = record([START, WORD, CHOICE_END, END], undefined, { countedBy: "cache" });
    await drain(events);
    expect(results[0]).toMatchObject({ uncachedPromptTokens: 7, cachedPromptTokens: 4, completionTokens: 2, usageSource: "cache" });
  });

  it("passes every event on as it is", async () => {
    const script = [START, THOUGHT, WORD, CHOICE_END, END];
    expect(await drain(record(script).events)).toEqual(script);
  });

  it("is written down before it is sent, and its end before the last event is handed over", async () => {
    const { events, log } = record([START, WORD, CHOICE_END, END]);
    for await (const event of events) log.push(event.type);
    expect(log.slice(0, 3)).toEqual(["begin written", "sent", "start"]);
    expect(log.indexOf("end written")).toBe(log.indexOf("end") - 1);
  });

  it("is not sent when its begin cannot be written", async () => {
    let isSent = false;
    async function* call(): AsyncGenerator<GenerateEvent> {
      isSent = true;
      yield END;
    }
    const begin = () => {
      throw new LedgerUnavailableError("disk full");
    };
    const { signal } = new AbortController();
    const events = recordAttempt({ ledger: { begin }, facts: FACTS, countedBy: "engine", events: call(), signal });
    await expect(drain(events)).rejects.toThrow(LedgerUnavailableError);
    expect(isSent).toBe(false);
  });

  it("has succeeded with the engine's usage, the time to its first token and its length", async () => {
    const { events, results } = record([START, THOUGHT, WORD, CHOICE_END, END]);
    await drain(events);
    expect(results[0]).toEqual({
      outcome: "succeeded",
      errorCode: null,
      finishReason: "length",
      uncachedPromptTokens: 7,
      cachedPromptTokens: 4,
      completionTokens: 2,
      reasoningTokens: null,
      usageSource: "engine",
      firstTokenMs: 20,
      durationMs: 50,
    });
  });

  it("is cancelled when the consumer leaves, and costs what was produced", async () => {
    const { events, results, log } = record([START, THOUGHT, WORD, WORD, CHOICE_END, END]);
    let seen = 0;
    for await (const event of events) {
      if (event.type === "text-delta") seen += 1;
      if (seen === 2) break;
    }
    expect(log.at(-1)).toBe("call over");
    expect(results[0]).toMatchObject({
      outcome: "cancelled",
      errorCode: null,
      uncachedPromptTokens: 11,
      completionTokens: 2,
      reasoningTokens: 1,
      usageSource: "estimated",
    });
  });

  it("counts the pieces of a call as tokens, and not a text that is empty", async () => {
    const nothing: GenerateEvent = { type: "text-delta", choice: 0, text: "" };
    const call: GenerateEvent = { type: "tool-call-start", choice: 0, call: 0, id: "call_1", name: "f" };
    const piece: GenerateEvent = { type: "tool-call-delta", choice: 0, call: 0, arguments: "{}" };
    const { events, results } = record([START, nothing, call, piece, piece, CHOICE_END]);
    await drain(events);
    expect(results[0]).toMatchObject({ completionTokens: 2, reasoningTokens: 0, firstTokenMs: 40, usageSource: "estimated" });
  });

  it("is cancelled when the signal aborted, with the code of its reason", async () => {
    const abort = new AbortController();
    const reason = Object.assign(new Error("going down"), { code: "shutting_down" });
    const { events, results } = record([START, WORD, reason], abort.signal);
    await expect(
      (async () => {
        for await (const event of events) if (event.type === "text-delta") abort.abort(reason);
      })(),
    ).rejects.toBe(reason);
    expect(results[0]).toMatchObject({ outcome: "cancelled", errorCode: "shutting_down", completionTokens: 1 });
  });

  it("is cancelled with its prompt when it is aborted while that is read", async () => {
    const abort = new AbortController();
    const { events, results } = record([START, new Error("aborted")], abort.signal);
    const iterator = events[Symbol.asyncIterator]();
    await iterator.next();
    abort.abort();
    await expect(iterator.next()).rejects.toThrow("aborted");
    expect(results[0]).toMatchObject({ outcome: "cancelled", uncachedPromptTokens: 11, completionTokens: 0, usageSource: "estimated" });
  });

  it.each([
    ["the kind of an engine's error", new EngineError("overloaded", "busy"), "overloaded"],
    ["the code of another error", Object.assign(new Error("no"), { code: "ECONNRESET" }), "ECONNRESET"],
    ["internal_error where there is neither", new Error("a bug"), "internal_error"],
  ])("has failed with %s", async (_, error, errorCode) => {
    const { events, results } = record([error]);
    await expect(drain(events)).rejects.toBe(error);
    expect(results[0]).toMatchObject({ outcome: "failed", errorCode, completionTokens: null, usageSource: "none", firstTokenMs: null });
  });

  it("has failed when the events stop without an end", async () => {
    const { events, results } = record([START, WORD]);
    await drain(events);
    expect(results[0]).toMatchObject({ outcome: "failed", errorCode: "bad-response", completionTokens: 1, usageSource: "estimated" });
  });

  it("meters events that are taken without a wait like those that were waited for", async () => {
    const results: AttemptResult[] = [];
    const left = [START, WORD, WORD, CHOICE_END, END];
    const together: EventIterator = {
      next: async () => {
        const value = left.shift();
        return value === undefined ? { done: true, value: undefined } : { done: false, value };
      },
      ready: () => left.shift(),
    };
    const recorded = recordAttempt({
      ledger: { begin: () => ({ id: "att_1", end: (result) => results.push(result) }) },
      facts: FACTS,
      countedBy: "engine",
      events: { [Symbol.asyncIterator]: () => together },
      signal: new AbortController().signal,
    });
    const iterator: EventIterator = recorded[Symbol.asyncIterator]();
    const taken = [(await iterator.next()).value];
    for (let event = iterator.ready?.(); event !== undefined; event = iterator.ready?.()) taken.push(event);
    expect(taken).toEqual([START, WORD, WORD, CHOICE_END, END]);
    expect(results).toMatchObject([{ outcome: "succeeded", finishReason: "length", completionTokens: 2 }]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});
