import type { Dialect } from "@bonfire/protocol/dialect";
import { ApiError } from "@bonfire/protocol/errors";
import { describe, expect, it } from "vitest";
import { readMessagesCall } from "../anthropic-messages/serving.ts";
import { readChatCall } from "../openai-chat/serving.ts";
import { readCompletionCall } from "../openai-completions/serving.ts";
import { readResponseCall } from "../openai-responses/read-request.ts";

const CHAT = { model: "m", messages: [{ role: "user", content: "hi" }] };
const MESSAGES = { ...CHAT, max_tokens: 10 };
const DIALECTS: readonly Dialect[] = ["openai", "together", "fireworks"];
const TIERS = [
  ["auto", "auto"],
  ["default", "default"],
  ["flex", "flex"],
  ["priority", "priority"],
  ["scale", "default"],
] as const;

describe("service_tier", () => {
  it.each(TIERS)("%s of a chat is %s, to the queue and to the engine", (asked, tier) => {
    for (const dialect of DIALECTS) {
      const call = readChatCall({ ...CHAT, service_tier: asked }, dialect);
      expect([call.tier, call.requests[0].serviceTier, call.ignored]).toEqual([tier, tier, []]);
    }
  });

  it.each(TIERS)("%s of a text completion is %s for each prompt", (asked, tier) => {
    const call = readCompletionCall({ model: "m", prompt: ["a", "b"], service_tier: asked }, "openai");
    expect([call.tier, ...call.requests.map(({ serviceTier }) => serviceTier)]).toEqual([tier, tier, tier]);
  });

  it.each(TIERS)("%s of a response is %s, and it says as what it was served", (asked, tier) => {
    const call = readResponseCall({ model: "m", input: "hi", service_tier: asked });
    expect([call.tier, call.options.serviceTier]).toEqual([tier, tier]);
    expect(call.echo.service_tier).toBe(tier === "auto" ? "default" : tier);
  });

  it.each([
    ["auto", "auto", undefined],
    ["standard_only", "default", undefined],
    ["priority", "priority", "priority"],
  ] as const)("%s of a message is %s", (asked, tier, served) => {
    const call = readMessagesCall({ ...MESSAGES, service_tier: asked });
    expect([call.tier, call.requests[0].serviceTier, call.style.serviceTier]).toEqual([tier, tier, served]);
  });

  it("that is absent or null asks for nothing", () => {
    for (const fields of [{}, { service_tier: null }]) {
      const chat = readChatCall({ ...CHAT, ...fields }, "openai");
      expect(chat).not.toHaveProperty("tier");
      expect(chat.requests[0]).not.toHaveProperty("serviceTier");
      expect(chat.style).not.toHaveProperty("serviceTier");
      expect(readResponseCall({ model: "m", input: "hi", ...fields }).echo.service_tier).toBe("default");
      expect(readMessagesCall({ ...MESSAGES, ...fields })).not.toHaveProperty("tier");
    }
  });

  it.each([
    ["a chat", () => readChatCall({ ...CHAT, service_tier: "fast" }, "openai")],
    ["a response", () => readResponseCall({ model: "m", input: "hi", service_tier: "fast" })],
    ["a message", () => readMessagesCall({ ...MESSAGES, service_tier: "flex" })],
  ])("that %s cannot have is refused with those that there are", (_, read) => {
    expect(read).toThrow(expect.objectContaining({ param: "service_tier", message: expect.stringContaining('"priority"') }));
    expect(read).toThrow(ApiError);
  });
});
