import { describe, expect, it } from "vitest";
import { ModelDirectory } from "./model-directory.ts";
import type { ServedModel } from "./served-model.ts";
import { readyModel } from "./testing/serve-client.ts";

function model(id: string, aliases: readonly string[] = []): ServedModel {
  return { ...readyModel(() => Promise.reject(new Error("Nobody asks for it.")), aliases), id };
}

function directoryOf(models: readonly ServedModel[], operatorAliases: Readonly<Record<string, string>> = {}): ModelDirectory {
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
