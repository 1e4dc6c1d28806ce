import { expect, test } from "vitest";
import { CATALOG, DEFAULT_MODEL, findModel, parseCatalog } from "./catalog.ts";
import { CATALOG_DATA } from "./catalog-data.ts";

test("a model is found by id and alias in any case", () => {
  for (const name of ["HuggingFaceTB/SmolLM2-135M-Instruct", "smollm2", "SmolLM2-135M-Instruct"]) {
    expect(findModel(name)).toBe(DEFAULT_MODEL);
  }
  expect(findModel("no-such-model")).toBeUndefined();
});

test("every artifact names its hub first", () => {
  for (const model of CATALOG) expect(model.weights.sources[0]?.type).toBe("huggingface");
});

test("key-value cache per token follows from layers and heads", () => {
  expect(CATALOG.map((model) => model.kvBytesPerToken)).toEqual([23_040, 18_432]);
});

test("a name that two models answer to, an unknown field and a path that leaves the folder are refused", () => {
  const [first] = CATALOG;
  expect(() => parseCatalog([first, { ...first, id: "other" }])).toThrow('two models answer to \\"smollm2\\"');
  expect(() => parseCatalog([{ ...first, colour: "red" }])).toThrow("colour");
  expect(() => parseCatalog([{ ...first, weights: { ...first?.weights, fileName: "../x" } }])).toThrow("must stay inside its folder");
  expect(parseCatalog(CATALOG_DATA)).toEqual(CATALOG);
});
