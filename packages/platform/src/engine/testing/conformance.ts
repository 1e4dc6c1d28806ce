import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelClient } from "../engine.ts";
import { EngineError } from "../engine-error.ts";
import { foldGeneration } from "../fold-generation.ts";
import type { GenerateEvent, GenerateRequest } from "../generation.ts";
import { until } from "./until.ts";

export interface ConformingReplica {
  readonly client: ModelClient;
  /** Requests that compute right now, as the replica itself sees it. */
  readonly busy: () => Promise<number>;
  /** Slots, or what stands for them: more choices than that must still work. */
  readonly slots: number;
  readonly contextLength: number;
  readonly close: () => Promise<void>;
}

/** What every engine keeps, whoever it is. One suite for all: an engine is done when it passes. */
export function engineConformance(name: string, start: () => Promise<ConformingReplica>): void {
  describe(`${name} keeps the engine contract`, () => {
    let replica: ConformingReplica;
    beforeAll(async () => {
      replica = await start();
    }, 60_000);
    afterAll(() => replica.close());

    const generate = (request: Partial<GenerateRequest>, signal = AbortSignal.timeout(60_000)) => {
      const { client } = replica;
      if (client.generate === undefined) throw new Error("The client does not generate.");
      return client.generate({ ...CHAT, ...request }, signal);
    };

    it("sends start first, then deltas and one end for each choice, then one end with usage", async () => {
      const events = await collect(generate({ maxTokens: 8 }));
      expect(events[0]?.type).toBe("start");
      expect(events.slice(1, -2).every((event) => event.type === "text-delta")).toBe(true);
      expect(events.at(-2)).toMatchObject({ type: "choice-end", choice: 0, reason: "length" });
      expect(events.at(-1)).toMatchObject({ type: "end", usage: { completionTokens: 8 } });
      expect(events.filter((event) => event.type === "end")).toHaveLength(1);
      const usage = await usageOf(events);
      expect(usage.promptTokens).toBeGreaterThan(0);
    });

    it("answers the same text, folded, to the same request", async () => {
      const request = { maxTokens: 12, temperature: 0, seed: 7 };
      const once = await foldGeneration(generate(request));
      const again = await foldGeneration(generate(request));
      expect(again.choices).toEqual(once.choices);
    });

    it("continues a text prompt", async () => {
      const { choices, usage } = await foldGeneration(generate({ prompt: SENTENCE, maxTokens: 6 }));
      expect(choices[0]?.text).not.toBe("");
      expect(usage.promptTokens).toBeGreaterThan(3);
    });

    it("continues a prompt of token ids and counts them exactly", async () => {
      const { usage } = await foldGeneration(generate({ prompt: { kind: "tokens", tokens: [30, 31, 32, 33, 34] }, maxTokens: 2 }));
      expect(usage.promptTokens).toBe(5);
    });

    it("ends before a stop sequence, which the text does not contain", async () => {
      const request = { prompt: SENTENCE, temperature: 0, maxTokens: 12 };
      const free = (await foldGeneration(generate(request))).choices[0]?.text ?? "";
      const stop = free.slice(Math.floor(free.length / 2), Math.floor(free.length / 2) + 3);
      const stopped = await foldGeneration(generate({ ...request, stop: ["never said", stop] }));
      expect(stopped.choices[0]).toMatchObject({ text: free.slice(0, free.indexOf(stop)), finishReason: "stop" });
    });

    it("generates as many tokens as it may and says that the limit ended it", async () => {
      const { choices, usage } = await foldGeneration(generate({ maxTokens: 5 }));
      expect(choices[0]?.finishReason).toBe("length");
      expect(usage.completionTokens).toBe(5);
    });

    it("gives more choices than it has slots, each with its own end, the prompt counted once", async () => {
      const single = await foldGeneration(generate({ maxTokens: 3 }));
      const { choices, usage } = await foldGeneration(generate({ choices: replica.slots + 2, maxTokens: 3 }));
      expect(choices.map((choice) => choice.finishReason)).toEqual(Array.from({ length: replica.slots + 2 }, () => "length"));
      expect(usage.promptTokens).toBe(single.usage.promptTokens);
      expect(usage.completionTokens).toBe(3 * (replica.slots + 2));
    });

    it("refuses a prompt that does not fit and gives both counts", async () => {
      const words = replica.contextLength * 2;
      const tooLong: GenerateRequest["prompt"] = { kind: "chat", messages: [{ role: "user", content: "word ".repeat(words) }] };
      const error = await collect(generate({ prompt: tooLong })).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(EngineError);
      expect(error).toMatchObject({ kind: "context-overflow", details: { contextTokens: replica.contextLength } });
      const counted = error instanceof EngineError ? (error.details.promptTokens ?? 0) : 0;
      expect(counted).toBeGreaterThan(replica.contextLength);
    });

    it("works on two requests at once", async () => {
      const first = generate({ maxTokens: 60 })[Symbol.asyncIterator]();
      const second = generate({ maxTokens: 60 })[Symbol.asyncIterator]();
      await untilText(first);
      await untilText(second);
      // The second one speaks while the first one is still at it.
      const rest = await drain(first);
      expect(rest.filter((event) => event.type === "text-delta").length).toBeGreaterThan(0);
      await drain(second);
    });

    it("is free again soon after a stream is abandoned", async () => {
      for await (const event of generate({})) if (event.type === "text-delta") break;
      await until(async () => (await replica.busy()) === 0);
    });

    it("is free again soon after the signal aborts a call that nobody streams", async () => {
      const abort = new AbortController();
      const answer = foldGeneration(generate({}, abort.signal));
      await until(async () => (await replica.busy()) > 0);
      abort.abort(new Error("no longer wanted"));
      await expect(answer).rejects.toThrow("no longer wanted");
      await until(async () => (await replica.busy()) === 0);
    });

    it("stops within one slice when the signal aborts while the prompt is read", async () => {
      const abort = new AbortController();
      const content = Array.from({ length: Math.floor(replica.contextLength / 4) }, (_, index) => `w${index % 89}`).join(" ");
      const prompt: GenerateRequest["prompt"] = { kind: "chat", messages: [{ role: "user", content }] };
      const answer = collect(generate({ prompt }, abort.signal));
      await until(async () => (await replica.busy()) > 0);
      abort.abort(new Error("no longer wanted"));
      await expect(answer).rejects.toThrow("no longer wanted");
      await until(async () => (await replica.busy()) === 0);
      // And the slot is whole.
      const { choices } = await foldGeneration(generate({ maxTokens: 2 }));
      expect(choices[0]?.finishReason).toBe("length");
    });

    it("says that it is ready, and what it serves", async () => {
      const health = await replica.client.health(AbortSignal.timeout(5_000));
      expect(health.state).toBe("ready");
      expect(health.models).toHaveLength(1);
    });
  });
}

const CHAT: GenerateRequest = {
  prompt: { kind: "chat", messages: [{ role: "user", content: "Write a long story about a river and a bridge." }] },
  choices: 1,
  stop: [],
};

const SENTENCE: GenerateRequest["prompt"] = { kind: "text", text: "The river runs under the old bridge and" };

async function collect(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent[]> {
  const all: GenerateEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

async function usageOf(events: readonly GenerateEvent[]) {
  const end = events.at(-1);
  if (end?.type !== "end") throw new Error("The last event is not the end.");
  return end.usage;
}

async function untilText(iterator: AsyncIterator<GenerateEvent>): Promise<void> {
  for (;;) {
    const { value, done } = await iterator.next();
    if (done === true) throw new Error("The generation ended without text.");
    if (value.type === "text-delta") return;
  }
}

async function drain(iterator: AsyncIterator<GenerateEvent>): Promise<GenerateEvent[]> {
  return collect({ [Symbol.asyncIterator]: () => iterator });
}
