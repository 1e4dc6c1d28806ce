import { routeDefinition } from "@bonfire/protocol/routes";
import { describe, expect, it } from "vitest";
import { compileRoute, faultOfRoute, missingDeployments } from "./compile-route.ts";
import type { Deployment } from "./deployment.ts";

function deployment(name: string): Deployment {
  return {
    ...{ name, model: name.slice(name.indexOf("/") + 1), engine: "test", ownedBy: "test", contextLength: undefined },
    ...{ chat: true, vision: true, price: undefined, usageSource: "provider", maxConcurrent: undefined },
    timeouts: { firstTokenMs: 1, betweenTokensMs: 1, totalMs: 1 },
    state: () => "ready",
    acquire: () => Promise.reject(new Error("Nobody asks for it.")),
  };
}

function compile(route: object, { name = "m", there = [] as string[] }) {
  const findDeployment = (wanted: string) => (there.includes(wanted) ? deployment(wanted) : undefined);
  const { groups, ...rest } = compileRoute(routeDefinition.parse({ model: "m", ...route }), { name, findDeployment });
  return { ...rest, groups: groups.map(({ targets }) => targets.map((target) => `${target.deployment.name}:${target.weight}`)) };
}

const to = (...names: string[]) => ({ deployments: names.map((deployment) => ({ deployment })) });

describe("a route that is compiled", () => {
  it("has its deployments found, in their groups and with their weights", () => {
    const groups = [{ deployments: [{ deployment: "a/x", weight: 3 }, { deployment: "b/y" }] }, to("c/z")];
    expect(compile({ groups }, { there: ["a/x", "b/y", "c/z"] })).toMatchObject({ model: "m", groups: [["a/x:3", "b/y:1"], ["c/z:1"]] });
  });

  it("leaves out what is not there, and groups of which nothing is left", () => {
    expect(compile({ groups: [to("a/x"), to("a/x", "b/y")] }, { there: ["b/y"] }).groups).toEqual([["b/y:1"]]);
    expect(compile({ groups: [to("a/x")] }, {}).groups).toEqual([]);
  });

  it("puts what its star stands for into deployments that have one, and counts such a name for itself", () => {
    const route = { model: "openai/*", groups: [to("openai/*", "proxy/openai/*", "vllm/fixed")] };
    const there = ["openai/gpt-4o", "proxy/openai/gpt-4o", "vllm/fixed"];
    expect(compile(route, { name: "openai/gpt-4o", there })).toMatchObject({
      model: "openai/gpt-4o",
      groups: [["openai/gpt-4o:1", "proxy/openai/gpt-4o:1", "vllm/fixed:1"]],
    });
    // Or else clients could make up any number of models.
    expect(compile(route, { name: "openai/made-up", there })).toMatchObject({ model: "openai/*", groups: [["vllm/fixed:1"]] });
  });

  it("has durations in milliseconds, and only those that are given", () => {
    const more = { timeouts: { first_token: "5s", total: "2m" }, hedge: { after: "1.5s", share: 0.1 }, cache: { ttl: "1h" } };
    expect(compile({ groups: [to("a/x")], ...more }, {})).toMatchObject({
      timeouts: { firstTokenMs: 5_000, totalMs: 120_000 },
      hedge: { afterMs: 1_500, share: 0.1 },
      cacheTtlMs: 3_600_000,
    });
    expect(compile({ groups: [to("a/x")], hedge: {} }, {})).toMatchObject({
      timeouts: {},
      hedge: { afterMs: "p95" },
      cacheTtlMs: undefined,
    });
  });
});

describe("what is wrong with a route:", () => {
  it("deployments that are missing are named once, those with a star never", () => {
    const route = routeDefinition.parse({ model: "m/*", groups: [to("a/x", "b/y", "c/*"), to("a/x")] });
    expect(missingDeployments(route, (name) => name === "b/y")).toEqual(["a/x"]);
  });

  it("a star in a deployment needs one in the name", () => {
    const route = { groups: [to("a/x"), to("a/x", "b/*")] };
    expect(faultOfRoute(routeDefinition.parse({ model: "m", ...route }))).toMatchObject({ param: "groups[1].deployments[1].deployment" });
    expect(faultOfRoute(routeDefinition.parse({ model: "m*", ...route }))).toBeUndefined();
  });

  it.each([
    ["the same deployment twice in a group", { groups: [to("a/x", "a/x")] }],
    ["bounds that leave nothing", { groups: [{ ...to("a/x"), when: { prompt_tokens: { at_least: 5, at_most: 4 } } }] }],
    ["a timeout that is the upstream's own matter", { groups: [to("a/x")], timeouts: { connect: "1s" } }],
    ["a star in the middle of its name", { model: "a*b", groups: [to("a/x")] }],
    ["no deployment", { groups: [{ deployments: [] }] }],
  ])("%s is refused", (_, route) => {
    expect(routeDefinition.safeParse({ model: "m", ...route }).success).toBe(false);
  });
});
