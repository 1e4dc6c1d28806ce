import { resources } from "@bonfire/protocol/apply";
import { describe, expect, it } from "vitest";
import { RootSecrets } from "../secrets/root-secrets.ts";
import type { UpstreamRules } from "../upstreams/plan-upstream.ts";
import { planResources, type ResourcePlan } from "./plan-resources.ts";
import type { StoredResources } from "./stored-resources.ts";

const RULES: UpstreamRules = {
  baseUrlOf: () => undefined,
  reserved: new Set(),
  sealer: new RootSecrets(() => [{ value: "0123456789abcdef0123456789abcdef", source: "BONFIRE_SECRET" }]),
  now: () => 1_000,
};
const NOTHING: StoredResources = { upstreams: new Map(), routes: new Map(), aliases: new Map() };
const ROUTE = { model: "gpt-4o", groups: [{ deployments: [{ deployment: "vllm/m" }] }] };
const UPSTREAM = { name: "vllm", base_url: "http://10.0.0.7:8000/v1", keys: [{ name: "a", value: "canary-0123456789-abcd" }] };
const FILE = { upstreams: [UPSTREAM], routes: [ROUTE], aliases: [{ name: "big", model: "org/big" }] };

function plan(file: object, { stored = NOTHING, prune = false } = {}): ResourcePlan {
  return planResources(resources.parse(file), { stored, prune, rules: RULES, models: [] });
}

/** As it is kept when a file was applied to nothing. */
function after(file: object): StoredResources {
  const { upstreams, routes, aliases } = plan(file);
  const createdAt = new Date();
  return {
    upstreams: new Map(
      upstreams.write.map(({ definition, allKeys }) => [
        definition.name,
        { definition, keys: [...allKeys], listed: null, listedAt: null, listError: null, createdAt },
      ]),
    ),
    routes: new Map(routes.write.map((definition) => [definition.model, { definition, createdAt }])),
    aliases: new Map(aliases.write.map(({ name, model }) => [name, model])),
  };
}

function actions({ changes }: ResourcePlan): string[] {
  return changes.map(({ kind, name, action }) => `${action} ${kind} ${name}`);
}

describe("a file", () => {
  it("creates what is not there, and the second time changes nothing", () => {
    expect(actions(plan(FILE))).toEqual(["create upstream vllm", "create route gpt-4o", "create alias big"]);
    const again = plan(FILE, { stored: after(FILE), prune: true });
    expect(actions(again)).toEqual(["unchanged upstream vllm", "unchanged route gpt-4o", "unchanged alias big"]);
    expect([again.upstreams, again.routes, again.aliases].map(({ write, remove }) => write.length + remove.length)).toEqual([0, 0, 0]);
  });

  it("tells what differs field by field, and of keys their last characters", () => {
    const changed = {
      upstreams: [
        {
          ...UPSTREAM,
          max_concurrent: 4,
          keys: [
            { name: "a", value: "canary-0123456789-wxyz" },
            { name: "b", value: "canary" },
          ],
        },
      ],
      routes: [{ ...ROUTE, groups: [{ deployments: [{ deployment: "vllm/m", weight: 3 }] }] }],
    };
    const { changes } = plan(changed, { stored: after(FILE) });
    expect(changes.map(({ fields }) => fields)).toEqual([
      [
        { path: "max_concurrent", before: null, after: 4 },
        { path: "keys.a", before: "…abcd", after: "…wxyz" },
        { path: "keys.b", before: null, after: "…" },
      ],
      [{ path: "groups[0].deployments[0].weight", before: 1, after: 3 }],
    ]);
    expect(JSON.stringify(changes)).not.toContain("canary");
  });

  it("leaves kinds alone of which it says nothing, also when it prunes", () => {
    expect(actions(plan({ aliases: [] }, { stored: after(FILE), prune: true }))).toEqual(["delete alias big"]);
    expect(actions(plan({ aliases: [] }, { stored: after(FILE) }))).toEqual([]);
  });

  it.each([
    ["an upstream twice", { upstreams: [UPSTREAM, UPSTREAM] }, "resources.upstreams[1].name"],
    ["a route twice", { routes: [ROUTE, ROUTE] }, "resources.routes[1].model"],
    ["an alias twice", { aliases: [...FILE.aliases, ...FILE.aliases] }, "resources.aliases[1].name"],
    ["an upstream that is nowhere", { upstreams: [{ name: "x" }] }, "resources.upstreams[0].base_url"],
    [
      "a star that stands for nothing",
      { routes: [{ ...ROUTE, groups: [{ deployments: [{ deployment: "vllm/*" }] }] }] },
      "resources.routes[0].groups[0].deployments[0].deployment",
    ],
    [
      "an alias of an alias",
      {
        aliases: [
          { name: "a", model: "b" },
          { name: "b", model: "c" },
        ],
      },
      "resources.aliases[0].model",
    ],
  ])("is refused with %s", (_, file, param) => {
    expect(() => plan(file)).toThrow(expect.objectContaining({ code: "invalid_value", param }));
  });
});
