import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ModelUnavailableError } from "./model-errors.ts";
import { LibraryFixture, NEVER, Q4, Q8 } from "./testing/library-fixture.ts";
import { tinyGguf } from "./testing/tiny-gguf.ts";

const at = new LibraryFixture();

describe("a repository of the hub", () => {
  test("gives its default quantization, with what its file says of it", async () => {
    const commit = at.publishTiny();
    const model = await at.pull("hf:owner/tiny");
    expect(model).toMatchObject({
      id: "owner/tiny",
      source: "hf:owner/tiny",
      kind: "text",
      capabilities: ["chat", "completions"],
      architecture: "llama",
      contextLength: 512,
      layers: 2,
      kvBytesPerToken: 128,
      licence: "apache-2.0",
      weightsPaths: [join(at.models, "hub/owner/tiny", commit, "tiny-Q4_K_M.gguf")],
      projectorPath: undefined,
      sizeBytes: Q4.length,
      missingFiles: [],
    });
    expect(Q4.equals(await readFile(model.weightsPaths[0]))).toBe(true);
    expect(await at.library().list()).toEqual([model]);
  });

  test("gets the token; the network that has the bytes does not", async () => {
    at.publishTiny();
    await at.pull("hf:owner/tiny");
    const tokens = (host: string) =>
      new Set(at.hub.seen.filter((seen) => seen.host.startsWith(host)).map(({ headers }) => headers.authorization));
    expect(tokens("127.0.0.1")).toEqual(new Set(["Bearer hf_secret"]));
    expect(tokens("localhost")).toEqual(new Set([undefined]));
  });

  test("is listed page by page", async () => {
    at.publishTiny();
    at.hub.pageSize = 1;
    expect((await at.pull("hf:owner/tiny:Q8_0")).id).toBe("owner/tiny:Q8_0");
    expect(at.hub.seen.filter(({ path }) => path.includes("/tree/"))).toHaveLength(3);
  });

  test("that lists no checksums tells them with each file", async () => {
    at.publishTiny();
    at.hub.listsChecksums = false;
    await at.pull("hf:owner/tiny");
    expect(at.hub.seen.some(({ method, host }) => method === "HEAD" && host.startsWith("127.0.0.1"))).toBe(true);
    await rm(at.models, { recursive: true });
    at.hub.corrupt = (body) => Buffer.alloc(body.length, 9);
    await expect(at.pull("hf:owner/tiny")).rejects.toThrow("its sha256 is");
  });

  test("brings its projector along, and then sees images", async () => {
    const projector = tinyGguf({ "general.architecture": "clip", "clip.has_vision_encoder": true });
    at.hub.publish("owner/eyes", { "eyes-Q4_K_M.gguf": Q4, "mmproj-eyes-f16.gguf": projector });
    const model = await at.pull("hf:owner/eyes");
    expect(model.capabilities).toContain("vision");
    expect(projector.equals(await readFile(model.projectorPath ?? ""))).toBe(true);
    expect(model.sizeBytes).toBe(Q4.length + projector.length);
    expect(model.weightsBytes).toBe(Q4.length);
  });

  test("reports one sum of bytes over all files, and the end", async () => {
    at.hub.publish("owner/parts", { "p-Q4_K_M-00001-of-00002.gguf": Q4, "p-Q4_K_M-00002-of-00002.gguf": Q8 });
    await at.pull("hf:owner/parts");
    expect(at.progress[0]).toEqual({ model: "hf:owner/parts", type: "resolving" });
    const bytes = at.progress.filter((event) => event.type === "bytes");
    expect(new Set(bytes.map(({ totalBytes }) => totalBytes))).toEqual(new Set([Q4.length + Q8.length]));
    expect(bytes.map(({ receivedBytes }) => receivedBytes)).toEqual(
      bytes.map(({ receivedBytes }) => receivedBytes).toSorted((a, b) => a - b),
    );
    expect(bytes.at(-1)?.receivedBytes).toBe(Q4.length + Q8.length);
    expect(at.progress.at(-1)).toEqual({ model: "hf:owner/parts", type: "done", sizeBytes: Q4.length + Q8.length });
  });

  test.each([
    [403, "hf_secret", "accept the licence at {endpoint}/owner/tiny with its account"],
    [401, undefined, "accept the licence at {endpoint}/owner/tiny and set HF_TOKEN"],
    [404, undefined, "no repository {endpoint}/owner/tiny, or no revision main"],
    [503, undefined, "HTTP 503"],
  ])("that answers %d with token %s: %s", async (status, token, message) => {
    at.hub.hubStatus = status;
    const asked = at.library({ huggingFace: { endpoint: at.hub.endpoint, token } }).pull("hf:owner/tiny", { signal: NEVER });
    await expect(asked).rejects.toThrow(ModelUnavailableError);
    await expect(asked).rejects.toThrow(message.replace("{endpoint}", at.hub.endpoint));
    await expect(asked).rejects.not.toThrow("hf_secret");
  });

  test("without GGUF files is refused with what it has", async () => {
    at.hub.publish("owner/raw", { "model.safetensors": Buffer.from("x") });
    await expect(at.pull("hf:owner/raw")).rejects.toThrow(/Hugging Face owner\/raw: it has no GGUF weights; it has model.safetensors/);
  });

  test("whose paths lead out of the folder is refused", async () => {
    at.hub.publish("owner/evil", { "../../../evil-Q4_0.gguf": Q4 });
    await expect(at.pull("hf:owner/evil")).rejects.toThrow("another form");
  });

  test("whose file is no GGUF file is refused, and the file is gone", async () => {
    at.hub.publish("owner/page", { "page-Q4_K_M.gguf": Buffer.from("<!doctype html>") });
    await expect(at.pull("hf:owner/page")).rejects.toThrow("page-Q4_K_M.gguf is no GGUF model that can be served: it does not begin");
    expect(await at.allFiles()).toEqual([]);
    expect(await at.library().list()).toEqual([]);
  });

  test("a wrong checksum installs nothing, and the next pull starts over", async () => {
    at.publishTiny();
    at.hub.corrupt = (body) => Buffer.alloc(body.length, 9);
    await expect(at.pull("hf:owner/tiny")).rejects.toThrow("its sha256 is");
    expect(await at.allFiles()).toEqual([]);
    at.hub.corrupt = undefined;
    expect((await at.pull("hf:owner/tiny")).missingFiles).toEqual([]);
  });

  test("too little disk for all its files is said before the first is fetched", async () => {
    at.publishTiny();
    const full = at.library({ freeBytes: () => Promise.resolve(1_000) });
    await expect(full.pull("hf:owner/tiny", { signal: NEVER })).rejects.toThrow("not enough disk space");
    expect(at.hub.downloads).toEqual([]);
  });
});

describe("a split model", () => {
  const split = () => at.hub.publish("owner/parts", { "p-Q4_K_M-00001-of-00002.gguf": Q4, "p-Q4_K_M-00002-of-00002.gguf": Q8 });

  test("whose hub dies between two parts is completed with the missing one alone", async () => {
    split();
    const dying = at.pull("hf:owner/parts", {
      onProgress: (event) => {
        if (event.type === "source" && event.fileName.endsWith("2-of-00002.gguf")) at.hub.dead = true;
      },
    });
    await expect(dying).rejects.toThrow(/Hugging Face owner\/parts/);
    expect(await at.library().list()).toEqual([]);
    at.hub.dead = false;
    at.hub.seen.length = 0;
    const model = await at.pull("hf:owner/parts");
    expect(at.hub.downloads.map(({ path }) => path.split("/").at(-1))).toEqual(["p-Q4_K_M-00002-of-00002.gguf"]);
    expect(model.weightsPaths.map((path) => path.split("/").at(-1))).toEqual([
      "p-Q4_K_M-00001-of-00002.gguf",
      "p-Q4_K_M-00002-of-00002.gguf",
    ]);
  });

  test("goes on in the middle of a part", async () => {
    split();
    at.hub.holdAfterBytes = 100_000;
    await at.pull("hf:owner/parts", {
      onProgress: (event) => void (event.type === "bytes" && event.receivedBytes === 100_000 && at.hub.cutHeld()),
    });
    expect(at.hub.downloads.map(({ headers }) => headers.range)).toEqual([undefined, "bytes=100000-", undefined]);
  });
});
