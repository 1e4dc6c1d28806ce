import { createAnthropic } from "@ai-sdk/anthropic";
import { createFireworks } from "@ai-sdk/fireworks";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createTogetherAI } from "@ai-sdk/togetherai";
import { Anthropic } from "@anthropic-ai/sdk";
import { APICallError, generateText, type LanguageModel } from "ai";
import OpenAI from "openai";
import Together from "together-ai";
import { describe, expect, inject, it } from "vitest";
import { connectToSharedPlatform, MODEL } from "./shared-platform.ts";

const { origin } = new URL(inject("baseUrl"));
const apiKey = inject("apiKey");
const { fetch } = await connectToSharedPlatform();

const messages = [{ role: "user" as const, content: "What is a bonfire?" }];
const REQUEST = { model: MODEL, messages, max_tokens: 1 };
const talk = async (model: LanguageModel): Promise<void> => {
  await generateText({ model, messages, maxOutputTokens: 1, maxRetries: 0 });
};

/** Each asks for one answer from the base URL. */
const SDKS: readonly (readonly [string, (baseURL: string) => Promise<unknown>])[] = [
  ["openai", (baseURL) => new OpenAI({ baseURL, apiKey, fetch, maxRetries: 0 }).chat.completions.create(REQUEST)],
  [
    "openai's responses",
    (baseURL) =>
      new OpenAI({ baseURL, apiKey, fetch, maxRetries: 0 }).responses.create({ model: MODEL, input: "Hi", max_output_tokens: 1 }),
  ],
  ["together-ai", (baseURL) => new Together({ baseURL, apiKey, fetch, maxRetries: 0 }).chat.completions.create(REQUEST)],
  ["@anthropic-ai/sdk", (baseURL) => new Anthropic({ baseURL, apiKey, fetch, maxRetries: 0 }).messages.create(REQUEST)],
  ["@ai-sdk/openai", (baseURL) => talk(createOpenAI({ baseURL, apiKey, fetch }).chat(MODEL))],
  ["@ai-sdk/openai-compatible", (baseURL) => talk(createOpenAICompatible({ name: "bonfire", baseURL, apiKey, fetch })(MODEL))],
  ["@ai-sdk/togetherai", (baseURL) => talk(createTogetherAI({ baseURL, apiKey, fetch })(MODEL))],
  ["@ai-sdk/fireworks", (baseURL) => talk(createFireworks({ baseURL, apiKey, fetch })(MODEL))],
  ["@ai-sdk/anthropic", (baseURL) => talk(createAnthropic({ baseURL, apiKey, fetch })(MODEL))],
];
/** What people set who move here from somewhere else: with and without the version, a slash, and the vendor's own prefix. */
const FORMS = [
  "",
  "/",
  "/v1",
  "/v1/",
  "/api/v1",
  "/openai/v1",
  "/together",
  "/together/v1",
  "/inference",
  "/inference/v1",
  "/anthropic/v1",
];

describe.each(SDKS)("%s", (_, ask) => {
  it.each(FORMS)("gets an answer at the base URL http://HOST%s", async (form) => {
    await ask(`${origin}${form}`);
  });

  it.each(["/v2", "/v1/chat"])("is told the right base URL at http://HOST%s", async (form) => {
    const failure: unknown = await ask(`${origin}${form}`).catch((error: unknown) => error);
    // @ai-sdk/anthropic keeps what it does not understand as it came.
    const told = APICallError.isInstance(failure) ? failure.responseBody : String(failure);
    expect(told).toContain(`The base URL of this API is ${origin}/v1.`);
  });
});
