import { describe, expect, it } from "vitest";
import { resolveAliases } from "./resolve-aliases.ts";

const MODELS = [
  { id: "org/big", aliases: ["big"] },
  { id: "org/small", aliases: [] },
];
const NOBODY = new Map<string, string>();

describe("an alias of a file", () => {
  it.each([
    ["stands for the model of that id", "new", "org/small", "org/small"],
    ["stands for the model that has the name itself", "new", "big", "org/big"],
    ["stands for a model that is not there yet", "new", "org/later", "org/later"],
    ["may have the name of a model, which comes first", "org/small", "big", "org/big"],
  ])("%s", (_, name, model, id) => {
    expect(resolveAliases([{ name, model }], { others: NOBODY, models: MODELS })).toEqual([{ name, model: id }]);
  });

  it.each([
    ["itself", [{ name: "a", model: "a" }], NOBODY, { index: 0, param: "model" }],
    [
      "another of the file",
      [
        { name: "a", model: "b" },
        { name: "b", model: "org/big" },
      ],
      NOBODY,
      { index: 0, param: "model" },
    ],
    ["one that stays", [{ name: "a", model: "kept" }], new Map([["kept", "org/big"]]), { index: 0, param: "model" }],
    ["what one that stays stands for", [{ name: "later", model: "org/big" }], new Map([["kept", "later"]]), { index: 0, param: "name" }],
  ])("is refused where it stands for %s", (_, wanted, others, fault) => {
    expect(resolveAliases(wanted, { others, models: MODELS })).toMatchObject(fault);
  });
});
