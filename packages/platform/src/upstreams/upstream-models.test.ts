import { upstreamDefinition } from "@bonfire/protocol/upstreams";
import { describe, expect, it } from "vitest";
import { MOST_LISTED_MODELS, modelsOf, selectModels } from "./upstream-models.ts";

const LISTED = [{ id: "a/one" }, { id: "a/two", contextLength: 4_096, chat: false }, { id: "b/three", vision: false }];

function definition(more: object) {
  return upstreamDefinition.parse({ name: "u", base_url: "http://127.0.0.1:1/v1", ...more });
}

describe("of a list are taken", () => {
  it.each([
    ["all, unless the definition says otherwise", {}, ["a/one", "a/two", "b/three"]],
    ["those that are included", { include: ["a/*"] }, ["a/one", "a/two"]],
    ["those that are not excluded", { exclude: ["*two"] }, ["a/one", "b/three"]],
    ["those that are included and not excluded", { include: ["a/*", "b/*"], exclude: ["a/one"] }, ["a/two", "b/three"]],
  ])("%s", (_, more, ids) => {
    expect(selectModels(LISTED, definition(more)).models.map(({ id }) => id)).toEqual(ids);
  });

  it("each once, with what the list tells", () => {
    expect(selectModels([...LISTED, { id: "a/two" }], definition({ exclude: ["a/one"] })).models).toEqual([
      { id: "a/two", context_length: 4_096, chat: false },
      { id: "b/three", vision: false },
    ]);
  });

  it("so many, and no more: the list is somebody else's", () => {
    const many = Array.from({ length: MOST_LISTED_MODELS + 7 }, (_, index) => ({ id: `m${index}` }));
    const { models, leftOut } = selectModels(many, definition({}));
    expect([models.length, leftOut]).toEqual([MOST_LISTED_MODELS, 7]);
  });
});

describe("the models of an upstream", () => {
  it("are those of its list and those of its definition, which says more", () => {
    const price = { input: 1, output: 2 };
    const given = definition({
      models: [
        { id: "a/one", price },
        { id: "own", context_length: 100 },
      ],
    });
    expect(modelsOf(given, [{ id: "a/one", context_length: 4_096 }])).toEqual([
      { id: "a/one", context_length: 4_096, price },
      { id: "own", context_length: 100 },
    ]);
  });

  it("are those of its definition alone where its list is not taken over, or was not read yet", () => {
    const models = [{ id: "own" }];
    expect(modelsOf(definition({ models, import_models: false }), [{ id: "a" }])).toEqual(models);
    expect(modelsOf(definition({ models }), null)).toEqual(models);
  });
});
