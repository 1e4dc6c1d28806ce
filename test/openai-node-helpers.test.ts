import type OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { connectToSharedPlatform, MODEL } from "./shared-platform.ts";

const { client } = await connectToSharedPlatform();

const messages = [{ role: "user" as const, content: "What is the weather in Bern?" }];
const CITY = { type: "object", properties: { city: { enum: ["Bern", "Oslo"] } }, required: ["city"], additionalProperties: false };

describe("openai's stream helper", () => {
  it("puts a tool call together", async () => {
    const tools: OpenAI.ChatCompletionTool[] = [{ type: "function", function: { name: "weather", parameters: CITY } }];
    const stream = client.chat.completions.stream({ model: MODEL, messages, tools, tool_choice: "required", parallel_tool_calls: false });
    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { tool_calls: [{ type: "function", id: expect.any(String) }] },
    });
    expect(JSON.parse((await stream.finalFunctionToolCall())?.arguments ?? "")).toEqual({ city: expect.stringMatching(/Bern|Oslo/) });
  });

  it("parses a structured output on the way", async () => {
    const Answer = z.object({ mood: z.enum(["good", "bad"]) });
    const stream = client.chat.completions.stream({ model: MODEL, messages, response_format: zodResponseFormat(Answer, "answer") });
    const snapshots: unknown[] = [];
    stream.on("content", (_, snapshot) => snapshots.push(snapshot));
    const { choices } = await stream.finalChatCompletion();
    expect(Answer.parse(choices[0]?.message.parsed)).toEqual(choices[0]?.message.parsed);
    expect(snapshots.at(-1)).toBe(choices[0]?.message.content);
  });

  it("gathers logprobs that cover the text", async () => {
    const stream = client.chat.completions.stream({ model: MODEL, messages, max_tokens: 6, logprobs: true, top_logprobs: 2 });
    const { choices } = await stream.finalChatCompletion();
    const { content } = choices[0]?.logprobs ?? {};
    const bytes = content?.flatMap((entry) => entry.bytes ?? []) ?? [];
    expect(new TextDecoder().decode(new Uint8Array(bytes))).toBe(choices[0]?.message.content);
    expect(content?.every(({ top_logprobs }) => top_logprobs.length === 2)).toBe(true);
  });
});

describe("openai's tool runner", () => {
  it.each([false, true])("calls the function and gives the model what it returned; streamed: %s", async (stream) => {
    const asked: unknown[] = [];
    const weather = {
      type: "function" as const,
      function: {
        name: "weather",
        description: "Tells the weather in a city.",
        parameters: CITY,
        parse: (text: string) => z.object({ city: z.string() }).parse(JSON.parse(text)),
        function: ({ city }: { city: string }) => {
          asked.push(city);
          return `${city}: 14 degrees`;
        },
      },
    };
    const request = { model: MODEL, messages, max_tokens: 100, tools: [weather], parallel_tool_calls: false };
    // A named tool is called once; after it the runner sends what it returned, and stops.
    const tool_choice = { type: "function" as const, function: { name: "weather" } };
    const runner = stream
      ? client.chat.completions.runTools({ ...request, tool_choice, stream: true })
      : client.chat.completions.runTools({ ...request, tool_choice });
    await runner.done();
    expect(asked).toEqual([expect.stringMatching(/Bern|Oslo/)]);
    expect(await runner.finalFunctionToolCallResult()).toContain("14 degrees");
  });
});

describe("openai's response stream", () => {
  it("is put together by its helper", async () => {
    const stream = client.responses.stream({ model: MODEL, input: "What is a bonfire?", max_output_tokens: 12 });
    const types = new Set<string>();
    for await (const { type } of stream) types.add(type);
    expect(types).toContain("response.created");
    expect((await stream.finalResponse()).output_text).not.toBe("");
  });

  it("carries a function call", async () => {
    const tools: OpenAI.Responses.Tool[] = [{ type: "function", name: "weather", parameters: CITY, strict: true }];
    const stream = client.responses.stream({
      model: MODEL,
      input: "The weather in Bern?",
      tools,
      tool_choice: "required",
      parallel_tool_calls: false,
    });
    let streamed = "";
    for await (const event of stream) if (event.type === "response.function_call_arguments.delta") streamed += event.delta;
    const call = (await stream.finalResponse()).output.find((item) => item.type === "function_call");
    expect(call?.name).toBe("weather");
    expect(streamed.startsWith(call?.arguments ?? "none")).toBe(true);
  });
});
