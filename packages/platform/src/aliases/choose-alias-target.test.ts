import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseAliasTarget } from "./choose-alias-target.ts";

const MODELS = [
  { id: "org/big", aliases: ["big"] },
  { id: "org/small", aliases: [] },
];
const ALIASES = new Map([
  ["gpt-4o", "org/big"],
  ["o3", "org/absent"],
]);
const KNOWN = { models: MODELS, aliases: ALIASES };

describe("an alias stands for", () => {
  it.each([
    ["the model of that id", "new", "org/small", "org/small"],
    ["the model that has the name itself", "new", "big", "org/big"],
    ["a model that is not there yet", "new", "org/later", "org/later"],
    ["another model than before", "gpt-4o", "org/small", "org/small"],
  ])("%s", (_, name, model, target) => {
    expect(chooseAliasTarget(name, model, KNOWN)).toBe(target);
  });
});

describe("an alias is refused", () => {
  it.each([
    ["that has the id of a model", "org/small", "org/big", "name", "a name of the model org/small already"],
    ["that has a model's own alias", "big", "org/small", "name", "a name of the model org/big already"],
    ["that stands for itself", "new", "new", "model", "cannot stand for itself"],
    ["that stands for another alias", "new", "gpt-4o", "model", "Give the id of its model: org/big."],
    ["for which another one stands already", "org/absent", "org/big", "name", "what the alias 'o3' stands for"],
  ])("%s", (_, name, model, param, message) => {
    expect(() => chooseAliasTarget(name, model, KNOWN)).toThrow(
      expect.objectContaining({ code: "invalid_value", param, message: expect.stringContaining(message) }),
    );
  });
});

it("no alias ever stands for another, in whatever order they are made", () => {
  const names = fc.constantFrom("a", "b", "c", "org/big", "big");
  fc.assert(
    fc.property(fc.array(fc.tuple(names, names)), (wishes) => {
      const aliases = new Map<string, string>();
      for (const [name, model] of wishes) {
        try {
          aliases.set(name, chooseAliasTarget(name, model, { models: MODELS, aliases }));
        } catch {
          // Refused.
        }
      }
      for (const target of aliases.values()) expect(aliases.has(target)).toBe(false);
    }),
  );
});
