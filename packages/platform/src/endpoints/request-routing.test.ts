import { ApiError } from "@bonfire/protocol/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GenerateRequest } from "../engine/generation.ts";
import { readRoutingHeaders, routedRequestOf, tierOf } from "./request-routing.ts";

const read = (headers: Record<string, string>) => readRoutingHeaders((name) => headers[name]);
const NOTHING = { tags: [], session: undefined, cache: { kind: "default" }, tier: undefined };

describe("the headers of a request", () => {
  it("leave everything to the route where there are none, or empty ones", () => {
    expect(read({})).toEqual(NOTHING);
    expect(read({ "x-bonfire-tags": "", "x-bonfire-session": "", "x-bonfire-cache": "", "x-bonfire-priority": "" })).toEqual(NOTHING);
  });

  it("name tags, each once", () => {
    expect(read({ "x-bonfire-tags": " team-a,nightly , ,team-a" }).tags).toEqual(["team-a", "nightly"]);
  });

  it.each([
    [{ "x-bonfire-session": "ours", "x-session-affinity": "fw", session_id: "s" }, "ours"],
    [{ "x-session-affinity": "fw", "x-session-id": "x" }, "fw"],
    [{ "x-session-id": "x", session_id: "s" }, "x"],
    [{ session_id: "s" }, "s"],
    [{ session_id: "s".repeat(5_000) }, "s".repeat(256)],
  ])("%j name a session", (headers, session) => {
    expect(read(Object.fromEntries(Object.entries(headers))).session).toBe(session);
  });

  it.each([
    ["on", { kind: "on", ttlMs: undefined }],
    ["ON", { kind: "on", ttlMs: undefined }],
    ["off", { kind: "off" }],
    ["no-store", { kind: "off" }],
    ["ttl=5m", { kind: "on", ttlMs: 300_000 }],
    ["ttl=300", { kind: "on", ttlMs: 300_000 }],
    ["ttl=1500ms", { kind: "on", ttlMs: 1_500 }],
  ])("x-bonfire-cache: %s says whether an answer may be stored", (value, cache) => {
    expect(read({ "x-bonfire-cache": value }).cache).toEqual(cache);
  });

  it.each(["priority", "default", "flex", "batch"] as const)("x-bonfire-priority: %s says how urgent it is", (tier) => {
    expect(read({ "x-bonfire-priority": tier }).tier).toBe(tier);
  });

  it.each([
    ["x-bonfire-tags", Array.from({ length: 21 }, (_, index) => `t${index}`).join(","), "21 tags"],
    ["x-bonfire-tags", "a".repeat(101), "one of 101 characters"],
    ["x-bonfire-cache", "ttl=0", "'ttl=0'"],
    ["x-bonfire-cache", "ttl=31d", "'ttl=31d'"],
    ["x-bonfire-cache", "ttl=soon", "'ttl=soon'"],
    ["x-bonfire-cache", "yes", "'yes'"],
    ["x-bonfire-priority", "urgent", "'urgent'"],
  ])("%s: %s is refused by its name, with what would be right", (name, value, got) => {
    expect(() => read({ [name]: value })).toThrow(
      expect.objectContaining({ code: "invalid_value", param: name, message: expect.stringMatching(`expected .+, but got ${got}`) }),
    );
  });

  it("never lead to another failure, whatever they hold", () => {
    const names = ["x-bonfire-tags", "x-bonfire-session", "x-bonfire-cache", "x-bonfire-priority"];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.string({ maxLength: 300 }), (name, value) => {
        try {
          read({ [name]: value });
        } catch (error) {
          expect(error).toBeInstanceOf(ApiError);
        }
      }),
    );
  });
});

describe("the tier of a request", () => {
  it.each([
    [undefined, undefined, "default"],
    [undefined, "auto", "default"],
    [undefined, "flex", "flex"],
    ["batch", "priority", "batch"],
  ] as const)("with %s in the header and %s in the body is %s", (header, body, tier) => {
    expect(tierOf({ tier: header }, body)).toBe(tier);
  });
});

const REQUEST: GenerateRequest = { prompt: { kind: "chat", messages: [{ role: "user", content: "hi" }] }, choices: 1, stop: [] };
const HEADERS = { tags: ["a"], session: undefined };
const route = (request: Partial<GenerateRequest>, headers: { tags: string[]; session: string | undefined } = HEADERS) =>
  routedRequestOf({ requests: [{ ...REQUEST, ...request }], caller: { projectId: "p", keyId: "k" }, headers });

describe("a request to be routed", () => {
  it("is its caller's, or the operator's", () => {
    expect(route({})).toMatchObject({ projectId: "p", keyId: "k", tags: ["a"], isChat: true });
    expect(routedRequestOf({ requests: [REQUEST], caller: undefined, headers: HEADERS })).toMatchObject({ keyId: null });
  });

  it.each([
    [{ cacheKey: "cache", user: "user" }, "header", "header"],
    [{ cacheKey: "cache", user: "user" }, undefined, "cache"],
    [{ user: "user" }, undefined, "user"],
    [{}, undefined, undefined],
  ])("with %j and the header %s belongs to the session %s", (request, header, session) => {
    expect(route(request, { tags: [], session: header }).session).toBe(session);
  });

  const tool = { name: "f", parameters: {}, strict: false, param: "p" };
  const image = { kind: "image", source: { kind: "url", url: "https://a.example/b.png", detail: "auto" }, param: "p" } as const;
  it.each<[readonly string[], Partial<GenerateRequest>]>([
    [[], {}],
    [["images"], { prompt: { kind: "chat", messages: [{ role: "user", content: [image] }] } }],
    [["tools"], { tools: { definitions: [tool], choice: "auto", parallel: true } }],
    [[], { tools: { definitions: [tool], choice: "none", parallel: true } }],
    [["format"], { format: { kind: "json-object", param: "p" } }],
    [["reasoning"], { reasoning: { effort: "low" } }],
    [["reasoning"], { reasoning: { enabled: true } }],
    [[], { reasoning: { enabled: false, effort: "none" } }],
    [[], { reasoning: { history: "preserved" } }],
    [["logprobs"], { logprobs: { alternatives: 0 } }],
    [["logprobs"], { echo: { logprobs: { alternatives: 0 } } }],
    [["tools", "logprobs"], { tools: { definitions: [tool], choice: "required", parallel: true }, logprobs: { alternatives: 1 } }],
  ])("uses %j when it has %j", (uses, request) => {
    expect([...route(request).uses]).toEqual(uses);
  });

  it("of several prompts has the length of the longest and begins as the first", () => {
    const requests = ["ab", "a".repeat(400)].map((text): GenerateRequest => ({ ...REQUEST, prompt: { kind: "text", text } }));
    const routed = routedRequestOf({ requests, caller: undefined, headers: HEADERS });
    expect([routed.promptTokens, routed.promptText(), routed.isChat]).toEqual([100, "ab", false]);
  });
});
