import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GenerateRequest } from "../../engine/generation.ts";
import { type Asked, answerOf, say } from "./testing/ask-server.ts";
import { type LlamaServer, startLlamaServer } from "./testing/start-llama-server.ts";

const TEMPLATE = fileURLToPath(new URL("testing/thinking-template.jinja", import.meta.url));
const OPEN = { opens_thoughts: true };

/** Pictures of one colour, 8 pixels wide and high: black, and red. */
const PICTURES = [
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAADElEQVR4nGNgGB4AAADIAAGtQHYiAAAAAElFTkSuQmCC",
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC",
] as const;

describe("llamacpp with a model that thinks, calls and sees", () => {
  let server: LlamaServer;
  beforeAll(async () => {
    server = await startLlamaServer({ templateFile: TEMPLATE, vision: true });
  }, 60_000);
  afterAll(() => server.close());

  const ask = (request: Asked) => answerOf(server, request);
  const format = { kind: "regex", pattern: "(yes|no)", param: "response_format" } as const;

  it("holds the answer behind the thoughts to its format, and counts the thoughts", async () => {
    const { text, reasoning, usage, finishReason } = await ask({
      prompt: say("Is water wet?"),
      templateArguments: OPEN,
      format,
      reasoning: { budgetTokens: 12 },
      temperature: 0.8,
      seed: 1,
      maxTokens: 60,
    });
    expect(text).toMatch(/^(yes|no)$/);
    expect(finishReason).toBe("stop");
    expect(reasoning).not.toBe("");
    expect(usage.reasoningTokens).toBeLessThanOrEqual(12);
    expect(usage.completionTokens).toBeGreaterThan(usage.reasoningTokens ?? 0);
  });

  it("leaves it to a model whose template does not open its thoughts whether it thinks", async () => {
    const startWith = async (text: string) => {
      const [first = 0] = (await server.client.tokenize?.({ prompt: { kind: "text", text } }, AbortSignal.timeout(10_000))) ?? [];
      return ask({ format, logitBias: new Map([[first, 100]]), maxTokens: 10, temperature: 0 });
    };
    expect(await startWith("<think>")).toMatchObject({ text: "", finishReason: "length" });
    expect(await startWith("yes")).toMatchObject({ text: "yes", reasoning: "", finishReason: "stop", usage: { reasoningTokens: 0 } });
  });

  it("does not think where that is switched off", async () => {
    for (const reasoning of [{ enabled: false }, { effort: "none" }, { budgetTokens: 0 }]) {
      const { prompt, text } = await ask({ templateArguments: OPEN, reasoning, format, maxTokens: 20, echo: {} });
      expect(prompt?.text).toMatch(/<think>\s*<\/think>\s*$/);
      expect(text).toMatch(/^(yes|no)$/);
    }
  });

  it("ends with the limit where that comes within the thoughts", async () => {
    const answer = await ask({ templateArguments: OPEN, reasoning: { budgetTokens: 8 }, maxTokens: 8, ignoreEos: true });
    expect(answer).toMatchObject({ text: "", finishReason: "length", usage: { completionTokens: 8, reasoningTokens: 8 } });
    expect(answer.reasoning).not.toBe("");
  });

  it("sees the thoughts of earlier turns as far as is asked", async () => {
    const prompt: GenerateRequest["prompt"] = {
      kind: "chat",
      messages: [
        { role: "user", content: "One?" },
        { role: "assistant", content: "1", reasoning: "early thought" },
        { role: "user", content: "Two?" },
        { role: "assistant", content: "", reasoning: "late thought", toolCalls: [{ id: "call00001", name: "f", arguments: '{"a":1}' }] },
        { role: "tool", toolCallId: "call00001", content: "2" },
      ],
    };
    const seen = async (history: "disabled" | "interleaved" | "preserved") => {
      const text = (await ask({ prompt, reasoning: { history }, echo: {} })).prompt?.text ?? "";
      return [text.includes("early thought"), text.includes("late thought")];
    };
    expect(await seen("disabled")).toEqual([false, false]);
    expect(await seen("interleaved")).toEqual([false, true]);
    expect(await seen("preserved")).toEqual([true, true]);
  });

  it("declares tools as its template does, and calls them behind its thoughts", async () => {
    const parameters = { type: "object", properties: { n: { type: "integer", minimum: 1, maximum: 9 } }, required: ["n"] };
    const tools = {
      definitions: [{ name: "roll", description: "Rolls dice", parameters, strict: true, param: "tools[0]" }],
      choice: "required",
      parallel: false,
    } as const;
    const { prompt, toolCalls, reasoning, finishReason } = await ask({
      tools,
      templateArguments: OPEN,
      reasoning: { budgetTokens: 6 },
      maxTokens: 80,
      echo: {},
    });
    expect(prompt?.text).toContain("Tools, of which each call is written");
    expect(prompt?.text).toContain('"roll"');
    expect(reasoning).not.toBe("");
    expect(toolCalls).toMatchObject([{ name: "roll", arguments: expect.stringMatching(/^\{"n": [1-9]\}$/) }]);
    expect(finishReason).toBe("tool_calls");
    expect((await ask({ tools: { ...tools, choice: "none" }, echo: {} })).prompt?.text).not.toContain("roll");
  });

  describe("pictures", () => {
    const look = (base64: string, text = "What is it?"): GenerateRequest["prompt"] => ({
      kind: "chat",
      messages: [
        {
          role: "user",
          content: [
            { kind: "image", source: { kind: "bytes", mediaType: "image/png", base64 }, param: "messages[0].content[0]" },
            { kind: "text", text },
          ],
        },
      ],
    });

    it("become tokens of the prompt, with formats and thoughts as ever", async () => {
      const plain = await ask({ prompt: say("What is it?") });
      const seen = await ask({ prompt: look(PICTURES[0]), format, reasoning: { enabled: false }, maxTokens: 20 });
      expect(seen.usage.promptTokens).toBeGreaterThan(plain.usage.promptTokens ?? 0);
      expect(seen.text).toMatch(/^(yes|no)$/);
    });

    it("make a difference", async () => {
      const logprobOf = async (picture: string) => {
        const { logprobs } = await ask({ prompt: look(picture), temperature: 0, maxTokens: 3, logprobs: { alternatives: 0 } });
        return logprobs.map(({ logprob }) => logprob);
      };
      const black = await logprobOf(PICTURES[0]);
      expect(await logprobOf(PICTURES[1])).not.toEqual(black);
    });

    it("are refused where they are none", async () => {
      await expect(ask({ prompt: look(Buffer.from("no picture").toString("base64")) })).rejects.toMatchObject({ kind: "invalid-request" });
    });
  });
});
