import { describe, expect, test } from "vitest";
import { CATALOG, DEFAULT_MODEL } from "./catalog.ts";
import { chooseVariant, describeCatalog } from "./fit.ts";

const GIB = 2 ** 30;
const chosen = (family: string, memory: number, vram: number) =>
  chooseVariant(family, { memoryBytes: memory * GIB, vramBytes: vram * GIB })?.id.split("/")[1];

describe("a family's name stands for the largest variant that fits", () => {
  test.each([
    // GiB of memory, GiB on accelerators, then what is chosen.
    [8, 0, "Qwen3-4B", "Llama-3.2-3B-Instruct", "gemma-3-1b-it", undefined],
    [16, 0, "Qwen3-8B", "Llama-3.1-8B-Instruct", "gemma-3-4b-it", undefined],
    [24, 0, "Qwen3-14B", "Llama-3.1-8B-Instruct", "gemma-3-12b-it", undefined],
    [64, 0, "Qwen3-30B-A3B", "Llama-3.1-8B-Instruct", "gemma-3-12b-it", "gpt-oss-20b"],
    [8, 24, "Qwen3-32B", "Llama-3.1-8B-Instruct", "gemma-3-27b-it", "gpt-oss-20b"],
    [64, 24, "Qwen3-32B", "Llama-3.1-8B-Instruct", "gemma-3-27b-it", "gpt-oss-20b"],
    [64, 80, "Qwen3-32B", "Llama-3.3-70B-Instruct", "gemma-3-27b-it", "gpt-oss-120b"],
  ])("%i GiB of memory and %i on an accelerator", (memory, vram, qwen, llama, gemma, gptOss) => {
    expect(["qwen3", "llama3", "gemma3", "gpt-oss"].map((family) => chosen(family, memory, vram))).toEqual([qwen, llama, gemma, gptOss]);
  });

  test("an unknown family has none", () => expect(chosen("no-such-family", 64, 0)).toBeUndefined());
});

test("the catalog tells what fits, what is slow but fits, and what is installed in any quantization", () => {
  const installed = {
    id: `${DEFAULT_MODEL.id}:Q8_0`,
    aliases: [],
    source: DEFAULT_MODEL.id,
    kind: "text",
    capabilities: [],
    architecture: "llama",
    contextLength: 1,
    layers: 1,
    kvBytesPerToken: 1,
    licence: "",
    installedAt: "",
    weightsPaths: ["/x"],
    projectorPath: undefined,
    weightsBytes: 1,
    sizeBytes: 1,
    missingFiles: [],
  } as const;
  const lines = describeCatalog({ memoryBytes: 64 * GIB, vramBytes: 0 }, [installed]);
  expect(lines.map(({ model }) => model)).toEqual(CATALOG);
  const line = (id: string) => lines.find(({ model }) => model.id === id);
  expect(line(DEFAULT_MODEL.id)).toMatchObject({ fits: true, installed: true, downloadBytes: 98_362_432 });
  expect(line("Qwen/Qwen3-32B")).toMatchObject({ fits: true, installed: false });
  expect(line("openai/gpt-oss-120b")).toMatchObject({ fits: false, installed: false });
});
