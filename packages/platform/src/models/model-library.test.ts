import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findModel } from "./catalog.ts";
import { LicenceNotAcceptedError, ModelIdTakenError, NoVariantFitsError } from "./model-errors.ts";
import { LibraryFixture, NEVER, Q4, Q8 } from "./testing/library-fixture.ts";
import { tinyGguf } from "./testing/tiny-gguf.ts";

const GIB = 2 ** 30;
const at = new LibraryFixture();

describe("an installed model", () => {
  test("is pulled again without asking anybody, also by another process's library", async () => {
    at.publishTiny();
    const model = await at.pull("hf:owner/tiny");
    at.hub.dead = true;
    expect(await at.pull("hf:owner/tiny")).toEqual(model);
  });

  test("keeps its bytes when the repository moves on: a lost file comes from the old commit", async () => {
    at.publishTiny();
    const [path] = (await at.pull("hf:owner/tiny")).weightsPaths;
    await rm(path);
    expect((await at.library().find("owner/tiny"))?.missingFiles).toEqual([path]);
    await at.pull("hf:owner/tiny");
    expect(at.hub.downloads.at(-1)?.path).toBe(at.hub.downloads[0]?.path);
    expect(at.hub.seen.filter(({ path: asked }) => asked.includes("/revision/"))).toHaveLength(1);
  });

  test("is replaced by another revision under the same id, and the old bytes go", async () => {
    at.publishTiny();
    const [old] = (await at.pull("hf:owner/tiny")).weightsPaths;
    at.hub.publish("owner/tiny", { "tiny-Q4_K_M.gguf": Q8 });
    const model = await at.pull("hf:owner/tiny@v2");
    expect(model.id).toBe("owner/tiny");
    expect(await at.library().list()).toEqual([model]);
    await expect(stat(old)).rejects.toThrow("ENOENT");
  });

  test("shares one pull with everybody who wants it at the same time, and all hear of it", async () => {
    at.publishTiny();
    const shared = at.library();
    const heard = new Set<string>();
    const pulls = ["one", "two"].map((listener) =>
      shared.pull("hf:owner/tiny", { signal: NEVER, onProgress: ({ type }) => void heard.add(`${listener} hears ${type}`) }),
    );
    const elsewhere = at.library().pull("hf:owner/tiny", { signal: NEVER });
    const [first, second, third] = await Promise.all([...pulls, elsewhere]);
    expect(second?.id).toBe(first?.id);
    expect(third?.id).toBe(first?.id);
    expect(heard).toContain("one hears bytes");
    expect(heard).toContain("two hears bytes");
    expect(at.hub.downloads).toHaveLength(1);
  });

  test("is removed with the files that no other model needs", async () => {
    at.publishTiny();
    const model = await at.pull("hf:owner/tiny");
    await at.pull("hf:owner/tiny/tiny-Q8_0.gguf");
    expect((await at.library().remove("OWNER/tiny"))?.id).toBe(model.id);
    expect((await at.library().list()).map(({ id }) => id)).toEqual(["owner/tiny:tiny-Q8_0"]);
    expect(await at.allFiles()).toEqual(["owner%2Ftiny%3Atiny-Q8_0.json", "tiny-Q8_0.gguf", "tiny-Q8_0.gguf.verified.json"]);
    await at.library().remove("owner/tiny:tiny-Q8_0");
    expect(await readdir(at.models)).toEqual(["manifests"]);
    expect(await at.library().remove("owner/tiny")).toBeUndefined();
  });

  test("is verified by its bytes, not by what was noted of them", async () => {
    at.publishTiny();
    const [path] = (await at.pull("hf:owner/tiny")).weightsPaths;
    expect(await at.library().verify("owner/tiny", NEVER)).toEqual([{ path, state: "verified" }]);
    const { mtime } = await stat(path);
    await writeFile(path, Buffer.alloc(Q4.length, 3));
    await utimes(path, mtime, mtime);
    expect(await at.library().verify("owner/tiny", NEVER)).toEqual([{ path, state: "different" }]);
    await rm(path);
    expect(await at.library().verify("owner/tiny", NEVER)).toEqual([{ path, state: "missing" }]);
    expect(await at.library().verify("no-such", NEVER)).toBeUndefined();
  });

  test("with a damaged manifest is passed over and told of", async () => {
    at.publishTiny();
    await at.pull("hf:owner/tiny");
    await writeFile(join(at.models, "manifests", "x.json"), "{");
    await writeFile(join(at.models, "manifests", "y.json"), JSON.stringify({ version: 1, id: "y" }));
    expect((await at.library().list()).map(({ id }) => id)).toEqual(["owner/tiny"]);
    expect(at.problems.map((problem) => /manifests\/[xy]\.json is passed over/.test(problem))).toEqual([true, true]);
  });
});

describe("a model of the catalog", () => {
  const qwen = (size: string) =>
    at.hub.publish(`Qwen/Qwen3-${size}-GGUF`, { [`Qwen3-${size}-Q4_K_M.gguf`]: Q4, [`Qwen3-${size}-Q8_0.gguf`]: Q8 });

  test("is known by what the catalog says, under its id and its aliases", async () => {
    qwen("8B");
    const model = await at.pull("qwen3:8b");
    expect(model).toMatchObject({
      id: "Qwen/Qwen3-8B",
      contextLength: 40_960,
      layers: 36,
      kvBytesPerToken: 147_456,
      licence: "Apache-2.0",
    });
    expect(model.capabilities).toContain("tools");
    for (const name of ["Qwen/Qwen3-8B", "qwen3:8B", "qwen3-8b"]) expect(await at.library().find(name)).toEqual(model);
  });

  test("stands beside itself in another quantization", async () => {
    qwen("8B");
    await at.pull("qwen3:8b");
    expect(await at.pull("qwen3:8b-q8_0")).toMatchObject({ id: "Qwen/Qwen3-8B:Q8_0", aliases: ["qwen3:8b-q8_0", "qwen3-8b-q8_0"] });
    expect((await at.library().find("qwen3:8b"))?.id).toBe("Qwen/Qwen3-8B");
  });

  test("comes from the next repository when the first has it not", async () => {
    at.hub.publish("unsloth/Qwen3-8B-GGUF", { "Qwen3-8B-Q4_K_M.gguf": Q4 });
    const model = await at.pull("qwen3:8b");
    expect(model.weightsPaths[0]).toContain("hub/unsloth/Qwen3-8B-GGUF");
    expect(at.progress.find(({ type }) => type === "source-failed")).toMatchObject({ source: "Hugging Face Qwen/Qwen3-8B-GGUF" });
  });

  test("by its family's name is the largest that fits, and answers to that name", async () => {
    qwen("8B");
    qwen("4B");
    expect((await at.pull("qwen3")).id).toBe("Qwen/Qwen3-8B");
    expect((await at.library().find("qwen3"))?.id).toBe("Qwen/Qwen3-8B");
    const smaller = at.library({ machine: { memoryBytes: 8 * GIB, vramBytes: 0 } });
    expect((await smaller.pull("qwen3", { signal: NEVER })).id).toBe("Qwen/Qwen3-4B");
    expect((await at.library().find("qwen3"))?.id).toBe("Qwen/Qwen3-4B");
    await expect(at.pull("gpt-oss")).rejects.toThrow(NoVariantFitsError);
    await expect(at.pull("gpt-oss")).rejects.toThrow("the smallest, openai/gpt-oss-20b, needs 12.2 GiB");
  });

  test("whose licence must be accepted is refused with its URL, until it is; then never again", async () => {
    at.hub.publish("bartowski/Llama-3.2-1B-Instruct-GGUF", { "Llama-3.2-1B-Instruct-Q4_K_M.gguf": Q4 });
    const refused = at.pull("llama3.2:1b");
    await expect(refused).rejects.toThrow(LicenceNotAcceptedError);
    await expect(refused).rejects.toThrow("read https://www.llama.com/llama3_2/license/");
    await expect(at.pull("hf:bartowski/Llama-3.2-1B-Instruct-GGUF")).rejects.toThrow(LicenceNotAcceptedError);
    expect(at.hub.seen).toEqual([]);
    await at.pull("llama3.2:1b", { acceptLicence: true });
    expect((await at.pull("llama3.2:1b")).licence).toBe("Llama 3.2 Community License");
  });

  test("that sees images brings its projector", async () => {
    const projector = tinyGguf({ "general.architecture": "clip", "clip.has_vision_encoder": true });
    at.hub.publish("ggml-org/gemma-3-4b-it-GGUF", { "gemma-3-4b-it-Q4_K_M.gguf": Q4, "mmproj-model-f16.gguf": projector });
    expect((await at.pull("gemma3:4b", { acceptLicence: true })).projectorPath).toMatch(/mmproj-model-f16\.gguf$/);
  });
});

describe("a URL", () => {
  const url = () => `${at.hub.endpoint}/owner/tiny/resolve/main/tiny-Q8_0.gguf`;
  const sum = createHash("sha256").update(Q8).digest("hex");

  test("gives a model by the file's name, checked against what it says", async () => {
    at.publishTiny();
    expect(await at.pull(`${url()}#sha256=${sum}`)).toMatchObject({
      id: "tiny-Q8_0",
      source: `${url()}#sha256=${sum}`,
      sizeBytes: Q8.length,
    });
    await at.library().remove("tiny-Q8_0");
    await expect(at.pull(`${url()}#sha256=${"0".repeat(64)}`)).rejects.toThrow("its sha256 is");
  });

  test("without a checksum is pinned to what came", async () => {
    at.publishTiny();
    await at.pull(url());
    const [path] = (await at.library().find("tiny-Q8_0"))?.weightsPaths ?? [];
    await writeFile(path ?? "", Buffer.alloc(Q8.length, 3));
    expect(await at.library().verify("tiny-Q8_0", NEVER)).toEqual([{ path, state: "different" }]);
  });
});

describe("a person's own file", () => {
  const own = () => join(at.folder, "mine.gguf");

  test("is used where it lies, looked after, and left alone when it is removed", async () => {
    await writeFile(own(), Q4);
    const model = await at.pull(own());
    expect(model).toMatchObject({ id: "mine", source: `file:${own()}`, weightsPaths: [own()], kvBytesPerToken: 128, missingFiles: [] });
    expect(await at.library().verify("mine", NEVER)).toEqual([{ path: own(), state: "verified" }]);
    await writeFile(own(), Q8);
    expect((await at.library().find("mine"))?.missingFiles).toEqual([own()]);
    expect((await at.pull(`file:${own()}`)).sizeBytes).toBe(Q8.length);
    await at.library().remove("mine");
    expect(Q8.equals(await readFile(own()))).toBe(true);
    await rm(own());
    await expect(at.pull(own())).rejects.toThrow("cannot be read: expected a GGUF file");
  });

  test("in parts is taken with all of them", async () => {
    const part = (number: number) => join(at.folder, `mine-0000${number}-of-00002.gguf`);
    await writeFile(part(1), Q4);
    await expect(at.pull(part(1))).rejects.toThrow(`${part(2)} cannot be read`);
    await writeFile(part(2), Q8);
    expect(await at.pull(part(1))).toMatchObject({ id: "mine", weightsPaths: [part(1), part(2)] });
  });

  test("of a name that is taken does not answer in another's place", async () => {
    await writeFile(own(), Q4);
    await at.pull(own());
    await mkdir(join(at.folder, "other"));
    await writeFile(join(at.folder, "other", "mine.gguf"), Q8);
    await expect(at.pull(join(at.folder, "other", "mine.gguf"))).rejects.toThrow(ModelIdTakenError);
  });

  test("that is none of a model is refused", async () => {
    await writeFile(own(), tinyGguf({ "general.architecture": "clip" }));
    await expect(at.pull(own())).rejects.toThrow("mine.gguf is no GGUF model that can be served: it is a projector");
  });
});

test("a catalog file that lies there without a manifest has to be the very file to be taken over", async () => {
  const model = findModel("smollm2");
  const size = model !== undefined && "sizeBytes" in model.weights ? model.weights.sizeBytes : 0;
  await mkdir(at.models, { recursive: true });
  await writeFile(join(at.models, "SmolLM2-135M-Instruct.Q4_1.gguf"), Buffer.alloc(size));
  expect(await at.library().list()).toEqual([]);
});
