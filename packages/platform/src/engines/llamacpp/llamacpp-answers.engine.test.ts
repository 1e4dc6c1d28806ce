import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GenerateRequest, OutputFormat, ToolDefinition } from "../../engine/generation.ts";
import { jsonValidator } from "../../json-schemas/json-validator.ts";
import { type Asked, answerOf, askServer, say, streamFrom, textOf } from "./testing/ask-server.ts";
import { type LlamaServer, startLlamaServer } from "./testing/start-llama-server.ts";

const SEEDS = [1, 2];
const SENTENCE: GenerateRequest["prompt"] = { kind: "text", text: "The river runs under the old bridge and" };

const WEATHER: ToolDefinition = {
  name: "get_weather",
  description: "The weather of a city",
  parameters: {
    type: "object",
    properties: { city: { type: "string", maxLength: 12 }, unit: { enum: ["c", "f"] } },
    required: ["city", "unit"],
    additionalProperties: false,
  },
  strict: true,
  param: "tools[0].function.parameters",
};
const COUNT: ToolDefinition = {
  name: "count",
  parameters: { type: "object", properties: { to: { type: "integer", minimum: 1, maximum: 99 } }, required: ["to"] },
  strict: false,
  param: "tools[1].function.parameters",
};

describe("llamacpp", () => {
  let server: LlamaServer;
  beforeAll(async () => {
    server = await startLlamaServer();
  }, 60_000);
  afterAll(() => server.close());

  const ask = (request: Asked) => answerOf(server, request);

  describe("tools with a template that knows none", () => {
    const tools = { definitions: [WEATHER, COUNT], choice: "required", parallel: true } as const;

    it("are called where one has to be, with arguments that keep to their schema", async () => {
      for (const seed of SEEDS) {
        const { toolCalls, finishReason, text } = await ask({ prompt: say("Weather?"), tools, temperature: 1, seed, maxTokens: 90 });
        expect(text).toBe("");
        if (finishReason !== "length") expect(finishReason).toBe("tool_calls");
        for (const call of finishReason === "length" ? toolCalls.slice(0, -1) : toolCalls) {
          const { parameters } = call.name === "count" ? COUNT : WEATHER;
          expect(jsonValidator(parameters)(call.arguments)).toBeUndefined();
        }
      }
    });

    it("are called once where they may not be called in parallel, and by the name that is asked for", async () => {
      for (const seed of SEEDS) {
        const named = { ...tools, allowed: ["count"], parallel: false };
        const { toolCalls, finishReason } = await ask({ tools: named, temperature: 1, seed, maxTokens: 100 });
        expect(toolCalls).toHaveLength(1);
        expect(toolCalls[0]?.name).toBe("count");
        expect(toolCalls[0]?.id).toMatch(/^call_/);
        expect(finishReason).toBe("tool_calls");
      }
    });

    it("leave the model free to answer in words, which keep their log-probabilities", async () => {
      const auto = { ...tools, choice: "auto" } as const;
      const { text, logprobs, finishReason } = await ask({ tools: auto, temperature: 0, maxTokens: 12, logprobs: { alternatives: 1 } });
      expect(finishReason).not.toBe("tool_calls");
      expect(textOf(logprobs)).toBe(text);
    });

    it("or a format may be chosen from", async () => {
      const format = { kind: "regex", pattern: "no call [0-9]{3}", param: "response_format" } as const;
      const { text, toolCalls } = await ask({ tools: { ...tools, choice: "auto" }, format, maxTokens: 100, temperature: 1, seed: 1 });
      if (toolCalls.length === 0) expect(text).toMatch(/^no call [0-9]{3}$/);
      else expect(text).toBe("");
    });

    it("are refused where they are strict and cannot be enforced, by keyword and path", async () => {
      const strict = {
        ...WEATHER,
        parameters: { type: "object", properties: { a: { type: "string", not: { pattern: "x" } } }, required: ["a"] },
      };
      await expect(ask({ tools: { ...tools, definitions: [strict] } })).rejects.toMatchObject({
        kind: "unsupported",
        details: { param: "tools[0].function.parameters.properties.a.not" },
      });
    });
  });

  describe("formats", () => {
    const schema = {
      type: "object",
      properties: { name: { type: "string", maxLength: 8 }, age: { type: "integer", minimum: 0, maximum: 150 } },
      required: ["name", "age"],
      additionalProperties: false,
    };
    const jsonSchema = { kind: "json-schema", schema, strict: true, param: "response_format.json_schema.schema" } as const;

    it("hold each of several choices to a schema, streamed or not", async () => {
      const request = { prompt: say("A person?"), format: jsonSchema, choices: 2, temperature: 1, seed: 5, maxTokens: 120 };
      const { choices } = await askServer(server, request);
      expect(choices).toHaveLength(2);
      for (const { text, finishReason } of choices) {
        expect(finishReason).toBe("stop");
        expect(jsonValidator(schema)(text)).toBeUndefined();
      }
      const again = await askServer(server, request);
      expect(again.choices.map(({ text }) => text)).toEqual(choices.map(({ text }) => text));
    });

    it("hold an answer to a pattern and to a grammar", async () => {
      const regex = await ask({ format: { kind: "regex", pattern: "[A-F]{3}-[0-9]{2}", param: "response_format.pattern" }, maxTokens: 20 });
      expect(regex.text).toMatch(/^[A-F]{3}-[0-9]{2}$/);
      const gbnf = 'root ::= ("yes" | "no") "!"{2}';
      const grammar = await ask({ format: { kind: "grammar", gbnf, param: "response_format.grammar" }, maxTokens: 20 });
      expect(grammar.text).toMatch(/^(yes|no)!!$/);
    });

    it("tell what of a schema is not enforced, and refuse it where it is strict", async () => {
      const wide = {
        ...jsonSchema,
        schema: { ...schema, properties: { ...schema.properties, name: { type: "string", not: { pattern: "x" } } } },
      };
      const { start } = await ask({ format: { ...wide, strict: false } });
      expect(start?.unenforced).toEqual(["not at properties.name.not"]);
      await expect(ask({ format: wide })).rejects.toMatchObject({
        kind: "unsupported",
        details: { param: "response_format.json_schema.schema.properties.name.not" },
      });
    });

    it.each<readonly [what: string, format: OutputFormat, param: string]>([
      ["a schema that is none", { ...jsonSchema, schema: { type: "bogus" } }, "response_format.json_schema.schema.type"],
      ["a pattern that is none", { kind: "regex", pattern: "(a", param: "response_format.pattern" }, "response_format.pattern"],
      [
        "a grammar that would freeze the server",
        { kind: "grammar", gbnf: "root ::= ([a-z]*){0,50}", param: "response_format.grammar" },
        "response_format.grammar",
      ],
      ["a grammar that is none", { kind: "grammar", gbnf: "root ::= other", param: "response_format.grammar" }, "response_format.grammar"],
    ])("refuse %s", async (_, format, param) => {
      await expect(ask({ format })).rejects.toMatchObject({ kind: "invalid-request", details: { param } });
    });

    it("end the answer where they end, so that its end cannot be ignored", async () => {
      await expect(ask({ format: jsonSchema, ignoreEos: true })).rejects.toMatchObject({
        kind: "unsupported",
        details: { param: "ignore_eos" },
      });
    });
  });

  describe("log-probabilities", () => {
    it("are those of exactly the text, with as many alternatives as were asked for", async () => {
      for (const alternatives of [0, 3]) {
        const { text, logprobs, tokenIds } = await ask({
          prompt: SENTENCE,
          maxTokens: 10,
          temperature: 1,
          seed: 3,
          logprobs: { alternatives },
          tokenIds: true,
        });
        expect(textOf(logprobs)).toBe(text);
        expect(logprobs.map(({ tokenId }) => tokenId)).toEqual(tokenIds);
        for (const { alternatives: others, logprob, bytes, token } of logprobs) {
          expect(others).toHaveLength(alternatives);
          expect(logprob).toBeLessThanOrEqual(0);
          expect(Buffer.from(bytes ?? []).toString()).toBe(token);
        }
      }
    });

    it("end with the text before a stop sequence", async () => {
      const free = await ask({ prompt: SENTENCE, maxTokens: 10, temperature: 0 });
      const stop = free.text.slice(6, 14);
      const { text, logprobs, stopSequence } = await ask({
        prompt: SENTENCE,
        maxTokens: 10,
        temperature: 0,
        stop: [stop],
        logprobs: { alternatives: 0 },
      });
      expect(text).toBe(free.text.slice(0, free.text.indexOf(stop)));
      expect(text.startsWith(textOf(logprobs))).toBe(true);
      expect(stopSequence).toBe(stop);
    });

    it("of the prompt are those that generating it would give", async () => {
      const generated = await ask({ prompt: SENTENCE, maxTokens: 6, temperature: 0, logprobs: { alternatives: 2 }, tokenIds: true });
      const ids = generated.prompt?.tokenIds ?? [];
      const prompt: GenerateRequest["prompt"] = { kind: "tokens", tokens: [...ids, ...generated.tokenIds] };
      const echoed = await ask({ prompt, maxTokens: 0, echo: { logprobs: { alternatives: 2 } } });
      expect(echoed).toMatchObject({ text: "", finishReason: "length", usage: { completionTokens: 0 } });
      expect(echoed.prompt?.text).toBe(`The river runs under the old bridge and${generated.text}`);
      const told = echoed.prompt?.logprobs ?? [];
      expect(told).toHaveLength(ids.length + 6);
      expect(told[0]).toMatchObject({ token: "The", logprob: null });
      told.slice(ids.length).forEach((entry, index) => {
        expect(entry.tokenId).toBe(generated.tokenIds[index]);
        expect(entry.logprob).toBeCloseTo(generated.logprobs[index]?.logprob ?? 0, 3);
      });
    });

    it("of the prompt are told of special tokens and parts of characters too", async () => {
      const { prompt } = await ask({
        prompt: { kind: "text", text: "a<|im_end|>b 🎉c" },
        maxTokens: 1,
        echo: { logprobs: { alternatives: 1 } },
      });
      expect(prompt?.text).toBe("a<|im_end|>b 🎉c");
      expect(prompt?.logprobs?.slice(1).every(({ logprob }) => logprob !== null && logprob < 0)).toBe(true);
      expect(prompt?.logprobs?.map(({ tokenId }) => tokenId)).toContain(2);
    });
  });

  describe("a prompt and an answer that are longer than the context", () => {
    it("are refused with both counts where that is asked for, and cut otherwise", async () => {
      const request = { prompt: SENTENCE, maxTokens: 10_000 };
      await expect(ask({ ...request, overflow: "error" })).rejects.toMatchObject({
        kind: "context-overflow",
        details: { promptTokens: 8, maxTokens: 10_000, contextTokens: server.contextLength },
      });
      const { finishReason } = await ask({ ...request, overflow: "truncate", stop: ["."] });
      expect(finishReason).toBe("stop");
    });

    it("lose the oldest turns, never the system's", async () => {
      const filler = "word ".repeat(40);
      const messages = [
        { role: "system", content: "Be brief." },
        ...Array.from({ length: 6 }, (_, index) => [
          { role: "user", content: `question ${index} ${filler}` },
          { role: "assistant", content: `answer ${index}` },
        ]).flat(),
        { role: "user", content: "The last." },
      ] as Extract<GenerateRequest["prompt"], { kind: "chat" }>["messages"];
      const { prompt, usage } = await ask({ prompt: { kind: "chat", messages }, truncatePrompt: 140, echo: {} });
      expect(usage.promptTokens).toBeLessThanOrEqual(140);
      expect(prompt?.text).toMatch(/Be brief\.[\s\S]*question 5[\s\S]*answer 5[\s\S]*The last\./);
      expect(prompt?.text).not.toContain("answer 3");
    });
  });

  it("goes on from the assistant's last message, and answers only what it adds", async () => {
    const messages = [
      { role: "user", content: "Say hello" },
      { role: "assistant", content: "Hello, my name" },
    ] as const;
    const { text, prompt } = await ask({ prompt: { kind: "chat", messages }, temperature: 0, maxTokens: 4, echo: {} });
    expect(prompt?.text).toMatch(/Hello, my name$/);
    expect(text).toMatch(/^ is/);
  });

  it("tells that a field has no effect on a model that does not think", async () => {
    const { start } = await ask({ reasoning: { effort: "high" } });
    expect(start?.ignored).toEqual(["reasoning_effort"]);
    expect((await ask({ reasoning: { effort: "none" } })).start?.ignored).toBeUndefined();
  });

  it("tells the tokens of a prompt, and the text of tokens", async () => {
    const { client } = server.supervisor;
    const tokens = await client?.tokenize?.({ prompt: SENTENCE }, AbortSignal.timeout(5_000));
    expect(await client?.detokenize?.(tokens ?? [], AbortSignal.timeout(5_000))).toBe("The river runs under the old bridge and");
    await expect(client?.detokenize?.([4_000_000], AbortSignal.timeout(5_000))).rejects.toMatchObject({ kind: "invalid-request" });
    const chat = await client?.tokenize?.({ prompt: say("Hi") }, AbortSignal.timeout(5_000));
    const { usage } = await ask({ prompt: say("Hi") });
    expect(chat).toHaveLength(usage.promptTokens ?? 0);
  });

  it("hands out a token as soon as it is there", async () => {
    const texts: string[] = [];
    for await (const event of streamFrom(server, { prompt: SENTENCE, maxTokens: 6, temperature: 0, stop: ["never"] })) {
      if (event.type === "text-delta") texts.push(event.text);
    }
    expect(texts.length).toBeGreaterThan(3);
  });
});
