import { describe, expect, it } from "vitest";
import { writeChatBody } from "../../dialects/openai-chat/calling.ts";
import { writeCompletionBody } from "../../dialects/openai-completions/calling.ts";
import type { GenerateRequest, ReasoningOptions } from "../../engine/generation.ts";
import { findProfile, type PROFILES } from "./profiles.ts";
import { bodyShaper } from "./shape-body.ts";

type ProfileName = keyof typeof PROFILES;

const CHAT: GenerateRequest = { prompt: { kind: "chat", messages: [{ role: "user", content: "hello" }] }, choices: 1, stop: [] };
const COMMON_NAMES = ["model", "messages", "prompt", "n", "stream", "stream_options"];

/** What a request adds to the body that an empty one has. */
function added(name: ProfileName, asked: Partial<GenerateRequest>): Record<string, unknown> {
  const profile = findProfile(name);
  const request = { ...CHAT, ...asked };
  const { prompt } = request;
  const plain = profile.reasoning === "template" ? request : { ...request, reasoning: {} };
  const body = prompt.kind === "chat" ? writeChatBody(prompt, plain, "m") : writeCompletionBody(prompt, plain, "m");
  const shaped = bodyShaper(profile)?.(body, request) ?? body;
  return Object.fromEntries(Object.entries(shaped).filter(([key]) => !COMMON_NAMES.includes(key)));
}

describe("a body", () => {
  it("is left as it is for servers that read everything", () => {
    expect(bodyShaper(findProfile("generic"))).toBeUndefined();
  });

  it.each<[ProfileName, Partial<GenerateRequest>, object]>([
    ["openai", { maxTokens: 3 }, { max_completion_tokens: 3 }],
    ["openai", { maxTokens: 3, prompt: { kind: "text", text: "a" } }, { max_tokens: 3 }],
    ["mistral", { seed: 7 }, { random_seed: 7 }],
    ["llamacpp", { repetitionPenalty: 1.1 }, { repeat_penalty: 1.1 }],
    ["llamacpp", { mirostat: { target: 5, learningRate: 0.1 } }, { mirostat: 2, mirostat_tau: 5, mirostat_eta: 0.1 }],
    ["llamacpp", { format: { kind: "grammar", gbnf: "root ::= [a]", param: "p" } }, { grammar: "root ::= [a]" }],
    ["vllm", { format: { kind: "regex", pattern: "a+", param: "p" } }, { structured_outputs: { regex: "a+" } }],
    ["sglang", { format: { kind: "grammar", gbnf: "root ::= [a]", param: "p" } }, { ebnf: "root ::= [a]" }],
    ["vllm", { format: { kind: "json-object", param: "p" } }, { response_format: { type: "json_object" } }],
    ["together", { logprobs: { alternatives: 3 } }, { logprobs: 3 }],
    ["fireworks", { logprobs: { alternatives: 3 } }, { logprobs: true, top_logprobs: 3 }],
    ["groq", { serviceTier: "priority" }, { service_tier: "performance" }],
    ["openai", { serviceTier: "flex" }, { service_tier: "flex" }],
    ["generic", { serviceTier: "flex" }, {}],
  ])("for %s says %j by its names", (name, asked, expected) => {
    expect(added(name, asked)).toEqual(expected);
  });

  it.each<[ProfileName, ReasoningOptions, object]>([
    ["generic", { enabled: true }, { chat_template_kwargs: { enable_thinking: true, thinking: true } }],
    ["openai", { effort: "low" }, { reasoning_effort: "low" }],
    ["together", { enabled: false }, { reasoning: { enabled: false } }],
    ["deepseek", { enabled: true }, { thinking: { type: "enabled" } }],
    ["fireworks", { budgetTokens: 2_000 }, { thinking: { type: "enabled", budget_tokens: 2_000 } }],
    ["fireworks", { enabled: true, effort: "low" }, { reasoning_effort: "low" }],
    ["fireworks", { enabled: false, effort: "low" }, { thinking: { type: "disabled" } }],
    ["fireworks", { history: "preserved" }, { reasoning_history: "preserved" }],
    ["openrouter", { enabled: true, effort: "low", budgetTokens: 2_000 }, { reasoning: { enabled: true, max_tokens: 2_000 } }],
    ["openrouter", { effort: "low" }, { reasoning: { effort: "low" } }],
    ["openrouter", {}, {}],
  ])("for %s tells how to think, given %j", (name, reasoning, expected) => {
    expect(added(name, { reasoning })).toEqual(expected);
  });

  it("goes without what is refused and changes nothing", () => {
    const prompt = CHAT.prompt.kind === "chat" ? CHAT.prompt : undefined;
    if (prompt === undefined) throw new Error("not a chat");
    const shape = bodyShaper(findProfile("mistral"));
    expect(shape?.(writeChatBody(prompt, CHAT, "m"), CHAT)).not.toHaveProperty("stream_options");
    const tools = { definitions: [], choice: "auto", parallel: false } as const;
    expect(added("deepseek", { tools })).toEqual({ tools: [], tool_choice: "auto" });
  });
});
