import type { RouteConditions } from "@bonfire/protocol/routes";
import { describe, expect, it } from "vitest";
import { applicableGroups } from "./applicable-groups.ts";
import type { RoutedRequest } from "./route.ts";
import { requestWith, routeTo, targetNamed } from "./testing/sample-routes.ts";

const REQUEST = requestWith({
  projectId: "proj_a",
  keyId: "key_a",
  tags: ["batch", "eu"],
  promptTokens: 1_000,
  uses: new Set(["tools", "images"]),
});

const holds = (when: RouteConditions, request: RoutedRequest = REQUEST): boolean =>
  applicableGroups(routeTo([{ targets: [], when }]), request).length === 1;

describe("a condition", () => {
  it.each<[string, RouteConditions, boolean]>([
    ["none at all", {}, true],
    ["one of the projects", { projects: ["proj_b", "proj_a"] }, true],
    ["other projects", { projects: ["proj_b"] }, false],
    ["one of the keys", { keys: ["key_a"] }, true],
    ["other keys", { keys: ["key_b"] }, false],
    ["all of the tags", { tags: ["eu", "batch"] }, true],
    ["a tag that is missing", { tags: ["eu", "us"] }, false],
    ["enough tokens", { prompt_tokens: { at_least: 1_000 } }, true],
    ["too few tokens", { prompt_tokens: { at_least: 1_001 } }, false],
    ["few enough tokens", { prompt_tokens: { at_most: 1_000 } }, true],
    ["too many tokens", { prompt_tokens: { at_most: 999 } }, false],
    ["a use of it", { uses: ["tools"] }, true],
    ["a use that is missing", { uses: ["tools", "logprobs"] }, false],
    ["two of which one does not hold", { projects: ["proj_a"], tags: ["us"] }, false],
  ])("on %s", (_, when, expected) => {
    expect(holds(when)).toBe(expected);
  });

  it("on keys never holds for the operator's socket, which has none", () => {
    expect(holds({ keys: ["key_a"] }, { ...REQUEST, keyId: null })).toBe(false);
  });
});

describe("the groups of a request", () => {
  const group = (name: string, when?: RouteConditions) => ({ targets: [targetNamed(name)], when });
  const long = group("long", { prompt_tokens: { at_least: 5_000 } });
  const tagged = group("tagged", { tags: ["eu"] });
  const [main, spare] = [group("main"), group("spare")];

  it("begin with the first whose conditions hold, and go on with those that hold behind it", () => {
    expect(applicableGroups(routeTo([long, tagged, main, long, spare]), REQUEST)).toEqual([tagged, main, spare]);
  });

  it("are the route's own where all of them hold", () => {
    const route = routeTo([main, spare]);
    expect(applicableGroups(route, REQUEST)).toBe(route.groups);
  });

  it("may be none", () => {
    expect(applicableGroups(routeTo([long]), REQUEST)).toEqual([]);
  });
});
