import { describe, expect, it } from "vitest";
import { whyUnable } from "./able-deployment.ts";
import { deploymentNamed, requestWith } from "./testing/sample-routes.ts";

describe("a deployment need not be asked", () => {
  it.each([
    ["when it has no template and the request converses", { chat: false }, {}, "chat"],
    ["when it does not see and the request has pictures", { vision: false }, { uses: new Set(["images" as const]) }, "vision"],
    ["when the prompt is too long beyond doubt", { contextLength: 1_000 }, { promptTokens: 2_001 }, "context_length"],
  ])("%s", (_, facts, request, reason) => {
    expect(whyUnable(deploymentNamed("up/m", facts), requestWith(request))).toBe(reason);
  });
});

describe("a deployment is asked", () => {
  it.each([
    ["that can do everything", {}, {}],
    ["that only continues text, where that is what is wanted", { chat: false }, { isChat: false }],
    ["that does not see, for text", { vision: false }, {}],
    ["whose context may just hold the prompt, since its tokens are an estimate", { contextLength: 1_000 }, { promptTokens: 1_900 }],
    ["whose context is not known", { contextLength: undefined }, { promptTokens: 1_000_000 }],
  ])("%s", (_, facts, request) => {
    expect(whyUnable(deploymentNamed("up/m", facts), requestWith(request))).toBeUndefined();
  });
});
