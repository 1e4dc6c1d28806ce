import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelClient } from "../engine.ts";
import { EngineError } from "../engine-error.ts";
import { foldGeneration } from "../fold-generation.ts";
import type { GenerateEvent, GenerateRequest, OutputFormat, ToolUse } from "../generation.ts";
import { ABOUT_SIZE, AFTER_CALL, CHAT, SENTENCE, SIZE_FORMAT, TOOLS, WEATHER } from "./conformance-requests.ts";
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

    it("calls a tool where it has to, with arguments that keep to the schema, one where only one is allowed", async () => {
      const { choices } = await foldGeneration(generate({ prompt: WEATHER, tools: TOOLS, temperature: 0, maxTokens: 150 }));
      expect(choices[0]?.finishReason).toBe("tool_calls");
      expect(choices[0]?.toolCalls).toHaveLength(1);
      const [call] = choices[0]?.toolCalls ?? [];
      expect(TOOLS.definitions.map(({ name }) => name)).toContain(call?.name);
      expect(call?.id).not.toBe("");
      expect(JSON.parse(call?.arguments ?? "")).toEqual({
        city: expect.any(String),
        unit: expect.stringMatching(/^(celsius|fahrenheit)$/),
      });
    });

    it("calls the tool that is named", async () => {
      const tools: ToolUse = { ...TOOLS, allowed: ["get_forecast"] };
      const { choices } = await foldGeneration(generate({ prompt: WEATHER, tools, temperature: 0, maxTokens: 150 }));
      expect(choices[0]?.toolCalls.map(({ name }) => name)).toEqual(["get_forecast"]);
    });

    it("tells of a call before its arguments, and of each call by itself", async () => {
      const events = await collect(generate({ prompt: WEATHER, tools: { ...TOOLS, parallel: true }, temperature: 0, maxTokens: 150 }));
      const calls = events.flatMap((event) => (event.type === "tool-call-start" || event.type === "tool-call-delta" ? [event] : []));
      expect(calls[0]?.type).toBe("tool-call-start");
      expect(calls.map(({ call }) => call)).toEqual(calls.map(({ call }) => call).sort((a, b) => a - b));
      const starts = calls.flatMap((event) => (event.type === "tool-call-start" ? [event] : []));
      expect(starts.map(({ call }) => call)).toEqual(starts.map((_, index) => index));
      expect(new Set(starts.map(({ id }) => id)).size).toBe(starts.length);
    });

    it("goes on after a call and its result", async () => {
      const { choices, usage } = await foldGeneration(generate({ prompt: AFTER_CALL, tools: { ...TOOLS, choice: "auto" }, maxTokens: 4 }));
      expect(choices).toHaveLength(1);
      expect(usage.promptTokens).toBeGreaterThan(0);
    });

    it("writes what keeps to a JSON schema", async () => {
      const request = { prompt: ABOUT_SIZE, format: SIZE_FORMAT, temperature: 0, maxTokens: 100 };
      const { choices } = await foldGeneration(generate(request));
      expect(choices[0]?.finishReason).toBe("stop");
      expect(JSON.parse(choices[0]?.text ?? "")).toEqual({ known: expect.any(Boolean), size: expect.stringMatching(/^(small|large)$/) });
    });

    it.each<OutputFormat>([
      { kind: "regex", pattern: "yes|no", param: "response_format" },
      { kind: "grammar", gbnf: 'root ::= "yes" | "no"', param: "response_format" },
    ])("keeps to a $kind, or refuses it and names the field", async (format) => {
      const generation = await orRefusal(foldGeneration(generate({ format, maxTokens: 20 })), "response_format");
      if (generation !== undefined)
        expect(generation.choices[0]).toMatchObject({ text: expect.stringMatching(/^(yes|no)$/), finishReason: "stop" });
    });

    it.each([
      ["an answer", { prompt: CHAT.prompt }],
      ["a continued text", { prompt: SENTENCE }],
    ])("gives the log-probabilities of exactly the tokens of %s", async (_, request) => {
      const { choices } = await foldGeneration(generate({ ...request, logprobs: { alternatives: 2 }, temperature: 0, maxTokens: 6 }));
      const { text = "", logprobs = [] } = choices[0] ?? {};
      expect(text).not.toBe("");
      expect(logprobs.map(({ token }) => token).join("")).toBe(text);
      for (const { logprob, alternatives } of logprobs) {
        expect(logprob).toBeLessThanOrEqual(0);
        expect(alternatives).toHaveLength(2);
      }
    });

    it("tells the prompt before the answer, which does not contain it", async () => {
      const events = await collect(generate({ prompt: SENTENCE, echo: {}, temperature: 0, maxTokens: 4 }));
      const first = events.find((event) => event.type === "prompt" || event.type === "text-delta");
      expect(first).toMatchObject({ type: "prompt", choice: 0, text: SENTENCE.text });
      const plain = await foldGeneration(generate({ prompt: SENTENCE, temperature: 0, maxTokens: 4 }));
      const echoing = await foldGeneration(generate({ prompt: SENTENCE, echo: {}, temperature: 0, maxTokens: 4 }));
      expect(echoing.choices[0]?.text).toBe(plain.choices[0]?.text);
    });

    it("refuses a length that does not fit beside the prompt where it must not be cut", async () => {
      const error = await collect(generate({ maxTokens: replica.contextLength, overflow: "error" })).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        kind: "context-overflow",
        details: { contextTokens: replica.contextLength, maxTokens: replica.contextLength },
      });
    });

    it("generates what fits where a length may be cut", async () => {
      for await (const event of generate({ maxTokens: replica.contextLength, overflow: "truncate" }))
        if (event.type === "text-delta") break;
      await until(async () => (await replica.busy()) === 0);
    });

    it("says that it is ready, and what it serves", async () => {
      const health = await replica.client.health(AbortSignal.timeout(5_000));
      expect(health.state).toBe("ready");
      expect(health.models).toHaveLength(1);
    });
  });
}

/** What came of it, or undefined where the engine refused the field: the only other thing that it may do. */
async function orRefusal<Value>(work: Promise<Value>, param: string): Promise<Value | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    expect(["unsupported", "invalid-request"]).toContain(error.kind);
    expect(error.details.param).toBe(param);
    return undefined;
  }
}

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
