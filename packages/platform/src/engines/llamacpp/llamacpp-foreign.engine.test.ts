import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ToolUse } from "../../engine/generation.ts";
import { jsonValidator } from "../../json-schemas/json-validator.ts";
import { type Asked, answerOf, say } from "./testing/ask-server.ts";
import { type LlamaServer, startLlamaServer } from "./testing/start-llama-server.ts";

const TEMPLATE = fileURLToPath(new URL("testing/foreign-template.jinja", import.meta.url));

const parameters = {
  type: "object",
  properties: { n: { type: "integer", minimum: 1, maximum: 9 } },
  required: ["n"],
  additionalProperties: false,
};
const TOOLS: ToolUse = {
  definitions: [{ name: "roll", description: "Rolls dice", parameters, strict: false, param: "tools[0].function.parameters" }],
  choice: "auto",
  parallel: false,
};

describe("llamacpp with a template whose calls and thoughts only the server can read", () => {
  let server: LlamaServer;
  beforeAll(async () => {
    server = await startLlamaServer({ templateFile: TEMPLATE });
  }, 60_000);
  afterAll(() => server.close());

  const ask = (request: Asked) => answerOf(server, request);

  it("answers by the server's chat, with counts, log-probabilities and a stop as ever", async () => {
    const answer = await ask({ prompt: say("Count."), maxTokens: 8, temperature: 0, logprobs: { alternatives: 1 } });
    expect(answer).toMatchObject({ finishReason: "length", usage: { completionTokens: 8 } });
    expect(answer.text).not.toBe("");
    expect(answer.logprobs).toHaveLength(8);
    const stop = answer.text.slice(4, 7);
    const stopped = await ask({ prompt: say("Count."), maxTokens: 8, temperature: 0, stop: [stop] });
    expect(stopped).toMatchObject({ text: answer.text.slice(0, answer.text.indexOf(stop)), finishReason: "stop" });
  });

  it("reads a call that the model chose to make", async () => {
    const prompt = {
      kind: "chat",
      messages: [
        { role: "user", content: "Roll!" },
        { role: "assistant", content: "", toolCalls: [{ id: "call00001", name: "roll", arguments: '{"n":1}' }] },
        { role: "tool", toolCallId: "call00001", content: "6" },
        { role: "user", content: "Again!" },
      ],
    } as const;
    const { toolCalls, finishReason, text } = await ask({ prompt, tools: TOOLS, maxTokens: 40, temperature: 0 });
    if (toolCalls.length > 0) expect(toolCalls[0]).toMatchObject({ name: "roll" });
    else expect(text).not.toBe("");
    expect(["stop", "length", "tool_calls"]).toContain(finishReason);
  });

  it("calls a tool by our own grammar where one has to be called", async () => {
    const { toolCalls, finishReason } = await ask({ tools: { ...TOOLS, choice: "required" }, maxTokens: 60, temperature: 1, seed: 2 });
    expect(finishReason).toBe("tool_calls");
    expect(jsonValidator(parameters)(toolCalls[0]?.arguments ?? "")).toBeUndefined();
  });

  it("holds the answer to a format, ours or the server's", async () => {
    const regex = await ask({ format: { kind: "regex", pattern: "(yes|no)", param: "response_format" }, maxTokens: 10 });
    expect(regex.text).toMatch(/^(yes|no)$/);
    const format = { kind: "json-schema", schema: parameters, strict: false, param: "response_format" } as const;
    const json = await ask({ format, maxTokens: 60, temperature: 0 });
    expect(jsonValidator(parameters)(json.text)).toBeUndefined();
    await expect(ask({ format, tools: TOOLS })).rejects.toMatchObject({ kind: "unsupported", details: { param: "response_format" } });
  });
});
