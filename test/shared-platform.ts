import { OpenAI } from "openai";
import { afterEach, expect, inject } from "vitest";
import { type CheckedFetch, openApiCheckingFetch } from "./openapi-checking-fetch.ts";

/** The model that every platform serves. */
export const MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct";

/** With these, an answer ends at its token limit only: both of the model's end-of-text tokens are ruled out. */
export const ENDLESS = { logit_bias: { "0": -100, "2": -100 } };

/** An OpenAI client as an application has it. Failures come at once: it does not try again. */
export function openaiClient(baseURL: string, apiKey: string, { fetch }: Pick<CheckedFetch, "fetch">): OpenAI {
  return new OpenAI({ baseURL, apiKey, fetch, maxRetries: 0 });
}

/** What the tests of one file need of the platform that all files share. Every answer is checked against its OpenAPI document. */
export async function connectToSharedPlatform(): Promise<{
  client: OpenAI;
  /** For a path such as `/v1/models`; with the admin key unless the headers say otherwise. */
  call: (path: string, init?: RequestInit) => Promise<Response>;
  fetch: CheckedFetch["fetch"];
}> {
  const baseUrl = inject("baseUrl");
  const apiKey = inject("apiKey");
  const { fetch, violations } = await openApiCheckingFetch(baseUrl);
  afterEach(() => expect(violations.splice(0)).toEqual([]));
  return {
    client: openaiClient(baseUrl, apiKey, { fetch }),
    call: (path, init) => fetch(new URL(path, baseUrl), { ...init, headers: { authorization: `Bearer ${apiKey}`, ...init?.headers } }),
    fetch,
  };
}
