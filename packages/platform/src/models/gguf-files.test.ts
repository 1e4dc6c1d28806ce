import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseGgufFiles, modelNameOf, NoSuchFileError, partNames } from "./gguf-files.ts";
import { compareQuants, isQuant, quantIn } from "./quant.ts";

const files = (...paths: readonly string[]) => paths.map((path) => ({ path, sizeBytes: 1 }));
const paths = (chosen: ReturnType<typeof chooseGgufFiles>) => chosen.weights.map(({ path }) => path);

test.each([
  ["Qwen3-8B-Q4_K_M.gguf", "Q4_K_M"],
  ["SmolLM2-135M-Instruct.Q4_1.gguf", "Q4_1"],
  ["gemma-3-270m-q4_k_m.gguf", "Q4_K_M"],
  ["gpt-oss-20b-mxfp4.gguf", "MXFP4"],
  ["Mistral-UD-Q4_K_XL-00001-of-00002.gguf", "UD-Q4_K_XL"],
  ["model-fp16.gguf", "F16"],
  ["mmproj-BF16.gguf", "BF16"],
  ["IQ4_XS/model.gguf", "IQ4_XS"],
  ["ggml-model.gguf", undefined],
])("the quantization in %s is %s", (path, quant) => expect(quantIn(path)).toBe(quant));

test("names of quantizations are told from other words", () => {
  expect(["Q8_0", "ud-q4_k_xl", "fp16", "F32"].every(isQuant)).toBe(true);
  expect(["8b", "instruct", "", "Q8_0-instruct"].some(isQuant)).toBe(false);
});

describe("without a wish", () => {
  test.each([
    [["x-Q8_0.gguf", "x-Q4_K_M.gguf", "x-F16.gguf"], "x-Q4_K_M.gguf"],
    [["x-Q8_0.gguf", "x-Q6_K.gguf", "x-Q2_K.gguf"], "x-Q6_K.gguf"],
    [["x-F16.gguf", "x-Q4_0.gguf", "README.md"], "x-Q4_0.gguf"],
    [["only.gguf"], "only.gguf"],
    [["x-F16.gguf", "x-imatrix.gguf"], "x-F16.gguf"],
  ])("of %j it is %s", (paths_, expected) => {
    const chosen = chooseGgufFiles(files(...paths_));
    expect(paths(chosen)).toEqual([expected]);
    expect(chosen.isDefault).toBe(true);
  });
});

test("a wish is followed in any case, and known for the default", () => {
  const all = files("x-Q8_0.gguf", "x-Q4_K_M.gguf");
  expect(chooseGgufFiles(all, { quant: "q8_0" })).toMatchObject({ weights: [{ path: "x-Q8_0.gguf" }], quant: "Q8_0", isDefault: false });
  expect(chooseGgufFiles(all, { quant: "Q4_K_M" }).isDefault).toBe(true);
  expect(chooseGgufFiles(all, { path: "x-Q4_K_M.gguf" }).isDefault).toBe(true);
});

describe("a file in parts", () => {
  const parts = ["d/x-Q4_K_M-00001-of-00003.gguf", "d/x-Q4_K_M-00002-of-00003.gguf", "d/x-Q4_K_M-00003-of-00003.gguf"];

  test("is taken whole, in order, by its quantization or by any part", () => {
    const shuffled = files("x-Q8_0.gguf", ...parts.toReversed());
    expect(paths(chooseGgufFiles(shuffled))).toEqual(parts);
    expect(paths(chooseGgufFiles(shuffled, { path: "d/x-Q4_K_M-00002-of-00003.gguf" }))).toEqual(parts);
  });

  test("with one missing is refused by its name", () =>
    expect(() => chooseGgufFiles(files(...parts.slice(0, 2)))).toThrow("x-Q4_K_M-00003-of-00003.gguf is missing"));

  test("is left when the same weights are there in one", () =>
    expect(paths(chooseGgufFiles(files("x-mxfp4-00001-of-00001.gguf", "X-MXFP4.gguf")))).toHaveLength(1));

  test("has names that follow from one of them", () => {
    expect(partNames("x-00002-of-00002.gguf")).toEqual(["x-00001-of-00002.gguf", "x-00002-of-00002.gguf"]);
    expect(partNames("x.gguf")).toEqual(["x.gguf"]);
    expect(modelNameOf("a/b/x-00002-of-00002.gguf")).toBe("x");
  });
});

test("the projector of least loss that every engine reads comes along", () => {
  const all = files("x-Q4_K_M.gguf", "mmproj-x-F32.gguf", "mmproj-x-f16.gguf", "mmproj-x-BF16.gguf");
  expect(chooseGgufFiles(all).projector?.path).toBe("mmproj-x-f16.gguf");
  expect(chooseGgufFiles(files("x-Q4_K_M.gguf")).projector).toBeUndefined();
});

describe("what cannot be chosen is said together with what is there", () => {
  test.each([
    [["model.safetensors", "README.md"], {}, "no GGUF weights; it has README.md, model.safetensors"],
    [["mmproj-F16.gguf"], {}, "no GGUF weights"],
    [[], {}, "it has no files"],
    [["x-Q8_0.gguf"], { quant: "Q4_0" }, "it has no Q4_0; it has x-Q8_0.gguf"],
    [["x-Q8_0.gguf"], { path: "y.gguf" }, "it has no y.gguf"],
    [["base-Q8_0.gguf", "chat-Q8_0.gguf"], {}, "several models in Q8_0: name the file"],
  ])("%j %j: %s", (paths_, wanted, message) => {
    expect(() => chooseGgufFiles(files(...paths_), wanted)).toThrow(NoSuchFileError);
    expect(() => chooseGgufFiles(files(...paths_), wanted)).toThrow(message);
  });
});

test("the choice does not depend on the order of the listing", () => {
  const quants = fc.uniqueArray(fc.constantFrom("Q4_K_M", "Q8_0", "F16", "IQ1_S", "Q5_K_M", "TQ1_0"), { minLength: 1 });
  fc.assert(
    fc.property(quants, fc.nat(), (names, turn) => {
      const all = names.map((quant) => `x-${quant}.gguf`);
      const turned = [...all.slice(turn % all.length), ...all.slice(0, turn % all.length)];
      expect(paths(chooseGgufFiles(files(...turned)))).toEqual(paths(chooseGgufFiles(files(...all))));
      expect(chooseGgufFiles(files(...all)).quant).toBe(names.toSorted(compareQuants)[0]);
    }),
  );
});
