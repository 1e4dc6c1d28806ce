import { routeDefinition } from "@bonfire/protocol/routes";
import { describe, expect, it } from "vitest";
import type { RoutingEntry } from "./route-snapshot-file.ts";
import { RouteTable } from "./route-table.ts";

function entries(models: readonly string[], drained: readonly string[] = []): ReadonlyMap<string, RoutingEntry> {
  const groups = [{ deployments: [{ deployment: "a/x" }] }];
  const routes = models.map((model): RoutingEntry => ({ kind: "route", definition: routeDefinition.parse({ model, groups }) }));
  const all = [...routes, ...drained.map((deployment): RoutingEntry => ({ kind: "drained", deployment }))];
  return new Map(all.map((entry, index) => [String(index), entry]));
}

describe("the table of routes", () => {
  const table = new RouteTable(() => known);
  const known = entries(["openai/*", "*", "openai/gpt-4o", "openai/gpt-*"], ["a/x"]);

  it.each([
    ["openai/gpt-4o-mini", "openai/gpt-*"],
    ["openai/o3", "openai/*"],
    ["anything", "*"],
    ["openai/", "*"],
  ])("has for %s the star that says most about it: %s", (name, model) => {
    expect(table.wildcard(name)?.model).toBe(model);
  });

  it("has names themselves apart from stars, and what takes no requests", () => {
    expect(table.exact("openai/gpt-4o")?.model).toBe("openai/gpt-4o");
    expect(table.exact("openai/*")).toBeUndefined();
    expect([...table.drained]).toEqual(["a/x"]);
  });

  it("is as of now", () => {
    let now = entries(["m"]);
    const changing = new RouteTable(() => now);
    expect([...changing.routes.keys()]).toEqual(["m"]);
    now = entries([], ["b/y"]);
    expect(changing.exact("m")).toBeUndefined();
    expect(changing.drained.has("b/y")).toBe(true);
  });
});
