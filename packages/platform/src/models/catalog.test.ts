import { describe, expect, test } from "vitest";
import { CATALOG, type CatalogModel, DEFAULT_MODEL, familyOf, findModel, parseCatalog } from "./catalog.ts";
import { CATALOG_DATA } from "./catalog-data.ts";

test("a model is found by id and alias in any case", () => {
  for (const name of ["HuggingFaceTB/SmolLM2-135M-Instruct", "smollm2", "SmolLM2-135M-Instruct"]) {
    expect(findModel(name)).toBe(DEFAULT_MODEL);
  }
  expect(findModel("qwen3:8b")?.id).toBe("Qwen/Qwen3-8B");
  expect(findModel("llama3.1")?.id).toBe("meta-llama/Llama-3.1-8B-Instruct");
  expect(findModel("no-such-model")).toBeUndefined();
});

test("the families that teams ask for have their variants", () => {
  const sizes = (family: string) => familyOf(family).map(({ parameters }) => Math.round(parameters * 10) / 10);
  expect(sizes("qwen3")).toEqual([0.6, 1.7, 4, 8.2, 14.8, 30.5, 32.8]);
  expect(sizes("llama3")).toEqual([1.2, 3.2, 8, 70.6]);
  expect(sizes("gemma3")).toEqual([0.3, 1, 3.9, 11.8, 27]);
  expect(sizes("gpt-oss")).toEqual([20.9, 116.8]);
});

test("every artifact names its hub first", () => {
  for (const { weights } of CATALOG) if ("sources" in weights) expect(weights.sources[0]?.type).toBe("huggingface");
});

test("key-value cache per token follows from layers and heads", () => {
  expect(DEFAULT_MODEL.kvBytesPerToken).toBe(23_040);
  // 36 layers, 8 KV heads of 128.
  expect(findModel("qwen3:8b")?.kvBytesPerToken).toBe(147_456);
});

describe("the data is plausible", () => {
  /** Bits for each weight of a whole file; small models hold their large vocabulary in more bits than the rest. */
  const BITS: Readonly<Record<string, readonly [number, number]>> = {
    Q4_1: [4.8, 6.2],
    Q4_K_M: [4.6, 7.7],
    Q5_K_M: [5.5, 6],
    Q6_K: [6.4, 6.8],
    Q8_0: [8.3, 9],
    MXFP4: [4.2, 4.8],
  };

  const quantsOf = ({ weights }: CatalogModel) =>
    "quants" in weights ? weights.quants : [{ name: weights.fileName.includes("Q4_1") ? "Q4_1" : "Q4_K_M", sizeBytes: weights.sizeBytes }];

  test.each(CATALOG.map((model) => [model.id, model] as const))("%s: its sizes fit its parameters", (_id, model) => {
    for (const { name, sizeBytes } of quantsOf(model)) {
      const bits = (sizeBytes * 8) / (model.parameters * 1e9);
      const [least = 0, most = 0] = BITS[name] ?? [];
      expect(bits, name).toBeGreaterThan(least);
      expect(bits, name).toBeLessThan(most);
    }
  });

  test("larger quantizations of one model are larger, and the default comes first", () => {
    for (const model of CATALOG) {
      const sizes = quantsOf(model).map(({ sizeBytes }) => sizeBytes);
      expect(sizes, model.id).toEqual(sizes.toSorted((a, b) => a - b));
    }
  });

  test("what sees images has a projector, and nothing else has one", () => {
    for (const { id, weights, capabilities } of CATALOG) {
      expect("projectorBytes" in weights && weights.projectorBytes !== undefined, id).toBe(capabilities.includes("vision"));
    }
  });

  test("models of Meta and Google ask for their licence to be accepted", () => {
    for (const { id, licence } of CATALOG) expect(licence.mustBeAccepted, id).toBe(/^(meta-llama|google)\//.test(id));
  });
});

test("a name that two models answer to, an unknown field and a path that leaves the folder are refused", () => {
  const [first] = Array.isArray(CATALOG_DATA) ? CATALOG_DATA : [];
  expect(() => parseCatalog([first, { ...first, id: "other" }])).toThrow('two models answer to \\"smollm2\\"');
  expect(() => parseCatalog([{ ...first, aliases: [], family: first.id }])).toThrow("two models answer to");
  expect(() => parseCatalog([{ ...first, colour: "red" }])).toThrow("colour");
  expect(() => parseCatalog([{ ...first, weights: { ...first.weights, fileName: "../x" } }])).toThrow("must stay inside its folder");
});
