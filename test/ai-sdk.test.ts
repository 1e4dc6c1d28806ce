import { createAnthropic } from "@ai-sdk/anthropic";
import { createFireworks } from "@ai-sdk/fireworks";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createTogetherAI } from "@ai-sdk/togetherai";
import { APICallError, generateObject, generateText, type LanguageModel, stepCountIs, streamObject, streamText, tool } from "ai";
import { describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { connectToSharedPlatform, MODEL } from "./shared-platform.ts";

const { origin } = new URL(inject("baseUrl"));
const { fetch } = await connectToSharedPlatform();

/** Each vendor's provider, with the base URL in the vendor's own form. @param model of the answers */
const providers = (apiKey: string, model: string): readonly (readonly [string, LanguageModel])[] => [
  ["openai (responses)", createOpenAI({ baseURL: `${origin}/v1`, apiKey, fetch })(model)],
  ["openai (chat)", createOpenAI({ baseURL: `${origin}/v1`, apiKey, fetch }).chat(model)],
  [
    "openai-compatible",
    createOpenAICompatible({
      name: "bonfire",
      baseURL: `${origin}/v1`,
      apiKey,
      fetch,
      supportsStructuredOutputs: true,
      includeUsage: true,
    })(model),
  ],
  ["togetherai", createTogetherAI({ baseURL: `${origin}/together/v1`, apiKey, fetch })(model)],
  ["fireworks", createFireworks({ baseURL: `${origin}/inference/v1`, apiKey, fetch })(model)],
  ["anthropic", createAnthropic({ baseURL: `${origin}/v1`, apiKey, fetch })(model)],
];
const prompt = "What is the weather in Bern?";
const WEATHER = {
  weather: tool({
    description: "Tells the weather in a city.",
    inputSchema: z.object({ city: z.enum(["Bern", "Oslo"]) }),
    execute: ({ city }) => `${city}: 14 degrees`,
  }),
};
/** A very small model would rather talk than call, or call without end: it has to call once. */
const toolChoice = { type: "tool", toolName: "weather" } as const;
const providerOptions = { openai: { parallelToolCalls: false }, anthropic: { disableParallelToolUse: true } };
const MOOD = z.object({ mood: z.enum(["good", "bad"]) });

describe.each(providers(inject("apiKey"), MODEL))("the AI SDK's provider %s", (_, model) => {
  it("generates text, with usage", async () => {
    const { text, usage, finishReason } = await generateText({ model, prompt, maxOutputTokens: 16 });
    expect(text).not.toBe("");
    expect(["stop", "length"]).toContain(finishReason);
    expect(usage).toMatchObject({ inputTokens: expect.any(Number), outputTokens: expect.any(Number) });
  });

  it("streams text, with usage", async () => {
    const { textStream, usage, finishReason } = streamText({ model, prompt, maxOutputTokens: 16 });
    let text = "";
    for await (const piece of textStream) text += piece;
    expect(text).not.toBe("");
    expect(["stop", "length"]).toContain(await finishReason);
    expect((await usage).outputTokens).toBeGreaterThan(0);
  });

  it("calls a tool and goes on with its result", async () => {
    const { steps } = await generateText({
      model,
      prompt,
      tools: WEATHER,
      prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? toolChoice : "none" }),
      providerOptions,
      stopWhen: stepCountIs(2),
      maxOutputTokens: 100,
    });
    expect(steps.map(({ finishReason }) => finishReason)[0]).toBe("tool-calls");
    expect(steps[0]?.toolResults[0]?.output).toMatch(/^(Bern|Oslo): 14 degrees$/);
    expect(steps[1]?.text).not.toBe("");
  });

  it("streams the call of a tool", async () => {
    const { toolCalls } = streamText({ model, prompt, tools: WEATHER, toolChoice, providerOptions, maxOutputTokens: 100 });
    expect((await toolCalls)[0]).toMatchObject({ toolName: "weather", input: { city: expect.stringMatching(/Bern|Oslo/) } });
  });
});

// @ai-sdk/togetherai sends no schema.
const sendsSchema = ([name]: readonly [string, LanguageModel]): boolean => name !== "togetherai";

describe.each(providers(inject("apiKey"), MODEL).filter(sendsSchema))("with a schema, the AI SDK's provider %s", (_, model) => {
  it("generates an object", async () => {
    expect(MOOD.safeParse((await generateObject({ model, prompt, schema: MOOD, maxOutputTokens: 100 })).object).success).toBe(true);
  });

  it("streams an object", async () => {
    const { partialObjectStream, object } = streamObject({ model, prompt, schema: MOOD, maxOutputTokens: 100 });
    const parts: unknown[] = [];
    for await (const part of partialObjectStream) parts.push(part);
    expect(parts.at(-1)).toEqual(await object);
  });
});

describe.each(providers("bf-wrong", MODEL))("with a wrong key, the AI SDK's provider %s", (_, model) => {
  it("is told so, and does not try again", async () => {
    expect(await failureOf(generateText({ model, prompt, maxRetries: 2 }))).toMatchObject({ statusCode: 401, isRetryable: false });
  });
});

describe.each(providers(inject("apiKey"), "no/such-model"))("of an unknown model, the AI SDK's provider %s", (_, model) => {
  it("is told that it is not there, and does not try again", async () => {
    const failure = await failureOf(generateText({ model, prompt, maxRetries: 2 }));
    // Fireworks' own words name no model.
    const message = expect.stringMatching(/no\/such-model|Model not found/);
    expect(failure).toMatchObject({ statusCode: 404, isRetryable: false, message });
  });
});

async function failureOf(promise: Promise<unknown>): Promise<APICallError> {
  const failure: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (APICallError.isInstance(failure)) return failure;
  throw new Error("The request did not fail with an error of the API.", { cause: failure });
}
