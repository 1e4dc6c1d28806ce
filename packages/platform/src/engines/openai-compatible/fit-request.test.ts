import { UPSTREAM_PROFILES } from "@bonfire/protocol/upstreams";
import { describe, expect, it } from "vitest";
import { EngineError } from "../../engine/engine-error.ts";
import type { ChatMessage, GenerateRequest } from "../../engine/generation.ts";
import { fitRequest } from "./fit-request.ts";
import { findProfile, PROFILES } from "./profiles.ts";

const CHAT: GenerateRequest = { prompt: { kind: "chat", messages: [{ role: "user", content: "hello" }] }, choices: 1, stop: [] };
const TEXT: GenerateRequest = { ...CHAT, prompt: { kind: "text", text: "hello" } };
const FORMAT = { kind: "json-object", param: "response_format" } as const;

const refusedBy = (profile: keyof typeof PROFILES, request: GenerateRequest): string | undefined => {
  try {
    fitRequest(request, PROFILES[profile]);
    return undefined;
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind !== "unsupported") throw error;
    return error.details.param;
  }
};

describe("what an upstream can be sent", () => {
  it.each<[string, GenerateRequest]>([
    ["top_k", { ...CHAT, topK: 40 }],
    ["min_p", { ...CHAT, minP: 0.1 }],
    ["typical_p", { ...CHAT, typicalP: 0.9 }],
    ["repetition_penalty", { ...CHAT, repetitionPenalty: 1.1 }],
    ["mirostat_target", { ...CHAT, mirostat: { target: 5 } }],
    ["mirostat_lr", { ...CHAT, mirostat: { learningRate: 0.1 } }],
    ["ignore_eos", { ...CHAT, ignoreEos: true }],
    ["response_format", { ...CHAT, format: { kind: "regex", pattern: "a", param: "response_format" } }],
    ["text.format", { ...CHAT, format: { kind: "grammar", gbnf: "root ::= [a]", param: "text.format" } }],
    ["response_format", { ...TEXT, format: FORMAT }],
    ["chat_template_kwargs", { ...CHAT, templateArguments: {} }],
    ["reasoning", { ...CHAT, reasoning: { enabled: true } }],
    ["thinking", { ...CHAT, reasoning: { budgetTokens: 1_024 } }],
    ["reasoning_history", { ...CHAT, reasoning: { history: "preserved" } }],
    ["prompt_truncate_len", { ...CHAT, truncatePrompt: 100 }],
  ])("has %s by default, which OpenAI refuses", (param, request) => {
    expect(refusedBy("generic", request)).toBeUndefined();
    expect(refusedBy("openai", request)).toBe(param);
  });

  it.each<[string, GenerateRequest]>([
    ["truncation", { ...CHAT, truncatePrompt: "context" }],
    ["echo", { ...CHAT, echo: {} }],
  ])("never has %s", (param, request) => {
    expect(refusedBy("generic", request)).toBe(param);
    expect(refusedBy("openai", request)).toBe(param);
  });

  it("has what everybody reads", () => {
    const request: GenerateRequest = {
      ...CHAT,
      temperature: 0,
      seed: 1,
      format: FORMAT,
      logprobs: { alternatives: 2 },
      reasoning: { effort: "low" },
    };
    expect(fitRequest(request, PROFILES.openai)).toEqual({ request, ignored: [] });
  });

  it("goes without what cannot change the tokens, and says so", () => {
    const request: GenerateRequest = { ...CHAT, maxTokens: 3, overflow: "truncate", tokenIds: true, cacheKey: "k", user: "u" };
    expect(fitRequest(request, PROFILES.openai)).toEqual({
      request: { ...CHAT, maxTokens: 3, cacheKey: "k", user: "u" },
      ignored: ["context_length_exceeded_behavior", "return_token_ids"],
    });
    expect(fitRequest(request, PROFILES.generic)).toEqual({ request, ignored: [] });
  });

  it("is told by a profile's name, which has to exist", () => {
    expect(findProfile(undefined)).toBe(PROFILES.generic);
    expect(findProfile("openai")).toBe(PROFILES.openai);
    expect(() => findProfile("nobody")).toThrow('"nobody"; there are generic, vllm');
  });

  it("is told for every kind of upstream that can be configured", () => {
    expect(Object.keys(PROFILES).sort()).toEqual([...UPSTREAM_PROFILES].sort());
  });

  it.each<[keyof typeof PROFILES, string, GenerateRequest]>([
    ["groq", "prompt", TEXT],
    ["groq", "n", { ...CHAT, choices: 2 }],
    ["groq", "frequency_penalty", { ...CHAT, frequencyPenalty: 0.1 }],
    ["groq", "logprobs", { ...CHAT, logprobs: { alternatives: 0 } }],
    ["groq", "messages.name", { ...CHAT, prompt: { kind: "chat", messages: [{ role: "user", content: "hi", name: "ann" }] } }],
    ["mistral", "logit_bias", { ...CHAT, logitBias: new Map([[1, -100]]) }],
    ["deepseek", "response_format", { ...CHAT, format: { kind: "json-schema", schema: {}, strict: true, param: "response_format" } }],
    ["lm-studio", "response_format", { ...CHAT, format: FORMAT }],
    ["ollama", "tool_choice", { ...CHAT, tools: { definitions: [], choice: "required", parallel: true } }],
    ["together", "prompt", { ...CHAT, prompt: { kind: "tokens", tokens: [1] } }],
    ["fireworks", "top_logprobs", { ...CHAT, logprobs: { alternatives: 6 } }],
    ["anthropic", "seed", { ...CHAT, seed: 1 }],
    ["anthropic", "messages", { ...CHAT, prompt: { kind: "chat", messages: [{ role: "assistant", content: "I" }] } }],
  ])("of %s is not %s", (profile, param, request) => {
    expect(refusedBy(profile, request)).toBe(param);
    expect(refusedBy("generic", request)).toBeUndefined();
  });

  it("goes without defaults that change nothing, and says nothing of them", () => {
    const defaults: Partial<GenerateRequest> = {
      topK: 0,
      minP: 0,
      typicalP: 1,
      presencePenalty: 0,
      frequencyPenalty: 0,
      repetitionPenalty: 1,
      ignoreEos: false,
      logitBias: new Map(),
      cacheKey: "u",
      user: "u",
    };
    expect(fitRequest({ ...CHAT, ...defaults }, PROFILES.groq)).toEqual({ request: { ...CHAT, user: "u" }, ignored: [] });
  });

  it("goes without thoughts of earlier turns where there is no place for them, and says so", () => {
    const asked = { role: "user", content: "hi" } as const;
    const messages = [asked, { role: "assistant", content: "ho", reasoning: "hm" } as const, asked];
    expect(fitRequest({ ...CHAT, prompt: { kind: "chat", messages } }, PROFILES.anthropic)).toEqual({
      request: { ...CHAT, prompt: { kind: "chat", messages: [asked, { role: "assistant", content: "ho" }, asked] } },
      ignored: ["messages.reasoning_content"],
    });
  });

  it("goes without a budget for thoughts behind calls whose thoughts nobody kept, and says so", () => {
    const asked = { role: "user", content: "hi" } as const;
    const called = { role: "assistant", content: "", toolCalls: [{ id: "c", name: "f", arguments: "{}" }] } as const;
    const result = { role: "tool", toolCallId: "c", content: "2" } as const;
    const request: GenerateRequest = { ...CHAT, reasoning: { enabled: true, budgetTokens: 2_000, effort: "low" } };
    const fitted = (...messages: readonly ChatMessage[]) =>
      fitRequest({ ...request, prompt: { kind: "chat", messages } }, PROFILES.anthropic);
    expect(fitted(asked, called, result)).toMatchObject({ request: { reasoning: { effort: "low" } }, ignored: ["thinking"] });
    expect(fitted(asked, called, result).request.reasoning).not.toHaveProperty("budgetTokens");
    expect(fitted(asked, called, result, asked).ignored).toEqual([]);
  });
});
