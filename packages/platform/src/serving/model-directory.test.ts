import { type RouteDefinition, routeDefinition } from "@bonfire/protocol/routes";
import { describe, expect, it } from "vitest";
import { RouteTable } from "../routing/route-table.ts";
import { ModelDirectory, type OfferedModel } from "./model-directory.ts";
import { readyDeployment } from "./testing/serve-client.ts";

function model(id: string, aliases: readonly string[] = []): OfferedModel {
  return {
    id,
    aliases,
    deployment: readyDeployment(() => Promise.reject(new Error("Nobody asks for it.")), { name: `local/${id}`, model: id }),
  };
}

function directoryOf(models: readonly OfferedModel[], operatorAliases: Readonly<Record<string, string>> = {}): ModelDirectory {
  const directory = new ModelDirectory();
  for (const served of models) directory.add(served);
  directory.useAliases(() => new Map(Object.entries(operatorAliases)));
  return directory;
}

describe("a name leads to", () => {
  const directory = directoryOf([model("org/big", ["big"]), model("org/small")], {
    "gpt-4o": "org/big",
    "org/small": "org/big",
    big: "org/small",
    chained: "gpt-4o",
    gone: "org/absent",
  });

  it.each([
    ["the model of that id, whatever the operator's alias of that name says", "org/small", "org/small"],
    ["the model with that alias of its own, whatever the operator's says", "big", "org/big"],
    ["what the operator's alias stands for", "gpt-4o", "org/big"],
  ])("%s", (_, name, id) => {
    expect(directory.find(name).id).toBe(id);
  });

  it.each([
    ["an alias of an alias", "chained"],
    ["an alias of a model that is not there", "gone"],
    ["another case", "GPT-4o"],
  ])("nothing: %s", (_, name) => {
    expect(() => directory.find(name)).toThrow(expect.objectContaining({ code: "model_not_found", param: "model" }));
  });

  it("no model other than by the aliases that are listed", () => {
    expect(directory.aliases().map(({ name, model: { id } }) => [name, id])).toEqual([["gpt-4o", "org/big"]]);
  });
});

describe("with routes a name leads to", () => {
  /** A model at an upstream. */
  const upstreamModel = (upstream: string, id: string): OfferedModel => ({ ...model(id), deployment: deploymentOf(`${upstream}/${id}`) });
  const deploymentOf = (name: string) =>
    readyDeployment(() => Promise.reject(new Error("Nobody asks for it.")), {
      name,
      model: name.slice(name.indexOf("/") + 1),
      usageSource: "provider",
    });
  const to = (route: string, ...deployments: readonly string[]) =>
    routeDefinition.parse({ model: route, groups: deployments.map((deployment) => ({ deployments: [{ deployment }] })) });
  const deploymentsOf = (directory: ModelDirectory, name: string) =>
    directory.find(name).route.groups.map(({ targets }) => targets.map(({ deployment }) => deployment.name));

  function routed(...routes: readonly RouteDefinition[]) {
    let entries = new Map(routes.map((definition) => [definition.model, { kind: "route" as const, definition }]));
    const directory = directoryOf(
      [model("org/big", ["big"]), upstreamModel("up", "org/big"), upstreamModel("zeta", "org/far"), upstreamModel("alpha", "org/far")],
      { "gpt-4o": "assistant", chained: "gpt-4o" },
    );
    directory.useRoutes(new RouteTable(() => entries));
    const change = (...changed: readonly RouteDefinition[]): void => {
      entries = new Map(changed.map((definition) => [definition.model, { kind: "route" as const, definition }]));
    };
    return { directory, change };
  }

  it.each<[string, string, readonly string[][]]>([
    ["the route of exactly that name, before the model with that id", "org/big", [["up/org/big"]]],
    ["the route that the operator's alias stands for", "gpt-4o", [["local/org/big"], ["up/org/big"]]],
    ["the deployment of that name, before any star", "zeta/org/far", [["zeta/org/far"]]],
    ["the route whose star says most about it", "pool/org/far", [["alpha/org/far"]]],
    ["the route of a star alone, where no other is for it", "up/org/big-not", [["local/org/big"]]],
  ])("%s", (_, name, expected) => {
    const { directory } = routed(
      to("org/big", "up/org/big"),
      to("assistant", "local/org/big", "up/org/big"),
      to("pool/*", "alpha/*"),
      to("p*", "zeta/org/far"),
      to("*", "local/org/big"),
    );
    expect(deploymentsOf(directory, name)).toEqual(expected);
  });

  it("its own deployments where no route is for it: this platform's alone, else those of upstreams in the order of their names", () => {
    const { directory } = routed();
    expect(deploymentsOf(directory, "big")).toEqual([["local/org/big"]]);
    expect(deploymentsOf(directory, "org/far")).toEqual([["alpha/org/far"], ["zeta/org/far"]]);
  });

  it("nothing where a star leads to no deployment, and no alias of an alias does", () => {
    const { directory } = routed(to("pool/*", "alpha/*"), to("assistant", "up/org/big"));
    for (const name of ["pool/nothing", "chained"]) expect(directory.lookUp(name)).toBeUndefined();
  });

  it("what a changed route says, from the next request on; what was found before stays as it was", () => {
    const { directory, change } = routed(to("assistant", "up/org/big"));
    const found = directory.find("assistant");
    change(to("assistant", "alpha/org/far"));
    expect(deploymentsOf(directory, "assistant")).toEqual([["alpha/org/far"]]);
    expect(found.route.groups[0]?.targets[0]?.deployment.name).toBe("up/org/big");
    change();
    expect(directory.lookUp("assistant")).toBeUndefined();
  });

  it("the deployments that an upstream has now", () => {
    const { directory } = routed(to("assistant", "up/org/big", "up/org/new"));
    directory.setUpstream("up", [deploymentOf("up/org/new")]);
    expect(deploymentsOf(directory, "assistant")).toEqual([["up/org/new"]]);
    expect(directory.lookUp("up/org/big")).toBeUndefined();
    directory.setUpstream("up", []);
    expect(deploymentsOf(directory, "assistant")).toEqual([]);
    expect(directory.lookUp("org/new")).toBeUndefined();
    expect(deploymentsOf(directory, "org/far")).toEqual([["alpha/org/far"], ["zeta/org/far"]]);
  });

  it("a model in the list by its id or its route's name; stars are not listed", () => {
    const { directory } = routed(to("assistant", "up/org/big"), to("pool/*", "alpha/*"));
    expect(directory.list().map(({ id }) => id)).toEqual(["org/big", "org/far", "assistant"]);
  });
});

it("a changed alias counts from the next request on", () => {
  let aliases = new Map<string, string>();
  const directory = directoryOf([model("org/big")]);
  directory.useAliases(() => aliases);
  expect(() => directory.find("gpt-4o")).toThrow();
  aliases = new Map([["gpt-4o", "org/big"]]);
  expect(directory.find("gpt-4o").id).toBe("org/big");
});

describe("an unknown name is answered", () => {
  const directory = directoryOf([model("HuggingFaceTB/SmolLM2-135M-Instruct", ["smollm2"]), model("openai/gpt-oss-20b")], {
    "gpt-4o": "openai/gpt-oss-20b",
    lost: "org/absent",
  });

  it.each([
    ["gpt-40", "gpt-4o"],
    ["smollm", "smollm2"],
    ["gpt-oss-20b", "openai/gpt-oss-20b"],
    ["unsloth/SmolLM2-135M-Instruct", "HuggingFaceTB/SmolLM2-135M-Instruct"],
  ])("%s: with the nearest name, %s", (name, meant) => {
    expect(() => directory.find(name)).toThrow(`The model '${name}' does not exist. Did you mean '${meant}'? Served here: `);
  });

  it.each([["claude"], ["lost"]])("with the models alone where none is near", (name) => {
    expect(() => directory.find(name)).toThrow(
      `The model '${name}' does not exist. Served here: 'HuggingFaceTB/SmolLM2-135M-Instruct', 'openai/gpt-oss-20b'.`,
    );
  });

  it("without the whole of a name that has no end", () => {
    const name = "x".repeat(100_000);
    expect(() => directory.find(name)).toThrow(/^The model 'x{100,2000}…$/);
  });
});
