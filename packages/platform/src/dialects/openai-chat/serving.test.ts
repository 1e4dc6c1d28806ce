import { describe, expect, it } from "vitest";
import type { GenerateEvent } from "../../engine/generation.ts";
import { readChatCall, writeChatCompletion, writeChatFrames } from "./serving.ts";

const BODY = { model: "m", messages: [{ role: "user", content: "hi" }] };
const HEAD = { id: "chatcmpl-1", created: 1, model: "m" };

describe("readChatCall", () => {
  it("treats null as absent", () => {
    const call = readChatCall({
      ...BODY,
      temperature: null,
      stop: null,
      n: null,
      stream: null,
      tools: null,
      response_format: null,
      stream_options: null,
    });
    expect(call).toEqual({
      model: "m",
      request: { prompt: { kind: "chat", messages: [{ role: "user", content: "hi" }] }, choices: 1, stop: [] },
      delivery: { stream: false, includeUsage: false },
      ignored: [],
    });
  });

  it("joins text parts and reads the developer role as system", () => {
    const messages = [
      {
        role: "developer",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      { role: "assistant", content: null, refusal: null, tool_calls: [], annotations: [] },
    ];
    expect(readChatCall({ model: "m", messages }).request.prompt).toEqual({
      kind: "chat",
      messages: [
        { role: "system", content: "a\nb" },
        { role: "assistant", content: "" },
      ],
    });
  });

  it("lets max_completion_tokens win over max_tokens", () => {
    expect(readChatCall({ ...BODY, max_tokens: 5, max_completion_tokens: 7 }).request.maxTokens).toBe(7);
  });

  it("accepts fields that cannot change the answer, and lists them", () => {
    expect(readChatCall({ ...BODY, store: true, metadata: { a: "b" }, service_tier: "flex" }).ignored).toEqual([
      "store",
      "metadata",
      "service_tier",
    ]);
  });

  it.each([
    ["tools", [{ type: "function", function: { name: "f" } }]],
    ["response_format", { type: "json_object" }],
    ["logprobs", true],
    ["reasoning_effort", "low"],
  ])("refuses %s, which would change the answer", (name, value) => {
    expect(() => readChatCall({ ...BODY, [name]: value })).toThrow(expect.objectContaining({ code: "unsupported_parameter", param: name }));
  });

  it.each([
    ["tools", []],
    ["tool_choice", "none"],
    ["response_format", { type: "text" }],
    ["logprobs", false],
    ["parallel_tool_calls", true],
    ["modalities", ["text"]],
  ])("accepts %s where its value asks for nothing", (name, value) => {
    expect(readChatCall({ ...BODY, [name]: value }).ignored).toEqual([]);
  });

  it.each(["foo", "__proto__", "constructor", "toString"])("refuses the unknown field %s by its name", (name) => {
    const body: unknown = JSON.parse(`{"model":"m","messages":[{"role":"user","content":"hi"}],"${name}":1}`);
    expect(() => readChatCall(body)).toThrow(expect.objectContaining({ code: "unknown_parameter", param: name }));
  });

  it("refuses stream_options without stream", () => {
    expect(() => readChatCall({ ...BODY, stream_options: { include_usage: true } })).toThrow(
      expect.objectContaining({ param: "stream_options" }),
    );
  });
});

describe("writeChatFrames", () => {
  async function frames(events: GenerateEvent[], includeUsage = false): Promise<string[]> {
    async function* source() {
      yield* events;
    }
    const data: string[] = [];
    for await (const frame of writeChatFrames(source(), HEAD, { stream: true, includeUsage })) data.push(frame.data);
    return data;
  }
  const end: GenerateEvent = { type: "end", usage: { promptTokens: 3, completionTokens: 1, cachedTokens: undefined } };

  it("writes what OpenAI writes, to the letter", async () => {
    const head = '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m"';
    expect(
      await frames(
        [
          { type: "start", upstreamId: undefined },
          { type: "text-delta", choice: 0, text: 'H"i' },
          { type: "choice-end", choice: 0, reason: "stop" },
          end,
        ],
        true,
      ),
    ).toEqual([
      `${head},"choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}`,
      `${head},"choices":[{"index":0,"delta":{"content":"H\\"i"},"logprobs":null,"finish_reason":null}],"usage":null}`,
      `${head},"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}`,
      `${head},"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}`,
      "[DONE]",
    ]);
  });

  it("says nothing of usage unless it was asked", async () => {
    const data = await frames([{ type: "choice-end", choice: 0, reason: "length" }, end]);
    expect(data.join("")).not.toContain("usage");
  });

  it("writes nothing before the first content, so that a failure can still have a status", async () => {
    async function* failing(): AsyncGenerator<GenerateEvent> {
      yield { type: "start", upstreamId: "x" };
      throw new Error("the engine is gone");
    }
    const iterator = writeChatFrames(failing(), HEAD, { stream: true, includeUsage: false });
    await expect(iterator.next()).rejects.toThrow("the engine is gone");
  });
});

describe("writeChatCompletion", () => {
  it("leaves usage out where the engine did not count", () => {
    const usage = { promptTokens: undefined, completionTokens: 4, cachedTokens: undefined };
    expect(writeChatCompletion({ choices: [], usage }, HEAD)).not.toHaveProperty("usage");
  });

  it("shows reasoning under both names that clients read", () => {
    const usage = { promptTokens: 1, completionTokens: 4, cachedTokens: 0 };
    const { choices } = writeChatCompletion({ choices: [{ text: "4", reasoning: "2+2", finishReason: "stop" }], usage }, HEAD);
    expect(choices[0]?.message).toEqual({ role: "assistant", content: "4", refusal: null, reasoning_content: "2+2", reasoning: "2+2" });
  });
});
