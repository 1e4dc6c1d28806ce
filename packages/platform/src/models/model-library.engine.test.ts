import { copyFile, link, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../config.ts";
import { createPythonTools } from "../processes/python-tools.ts";
import { createArtifactStore } from "./artifact-store.ts";
import { DEFAULT_MODEL } from "./catalog.ts";
import { createModelLibrary } from "./model-library.ts";
import { ModelHub } from "./testing/model-hub.ts";

test("the default model, as an earlier version left it in the cache, is taken over without a download", async () => {
  const { cache, childEnvironment: environment, huggingFace } = loadConfig(process.env);
  const python = createPythonTools({ cacheDirectory: cache, environment, onProgress: () => undefined });
  const fetched = await createArtifactStore({ directory: join(cache, "models"), huggingFace, python }).fetch(
    DEFAULT_MODEL.weights,
    AbortSignal.timeout(300_000),
  );
  const folder = await mkdtemp(join(tmpdir(), "bonfire-cache-"));
  const hub = new ModelHub();
  await hub.start();
  try {
    const directory = join(folder, "models");
    await mkdir(directory);
    const path = join(directory, DEFAULT_MODEL.weights.fileName);
    await link(fetched, path).catch(() => copyFile(fetched, path));
    const library = createModelLibrary({
      directory,
      huggingFace: { endpoint: hub.endpoint },
      python,
      machine: { memoryBytes: 8 * 2 ** 30, vramBytes: 0 },
      onProblem: (problem, cause) => expect.unreachable(`${problem} ${String(cause)}`),
    });
    const expected = {
      id: DEFAULT_MODEL.id,
      architecture: "llama",
      capabilities: ["chat", "completions"],
      contextLength: 8192,
      layers: 30,
      kvBytesPerToken: 23_040,
      weightsPaths: [path],
      sizeBytes: 98_362_432,
      missingFiles: [],
    };
    expect(await library.list()).toMatchObject([expected]);
    expect(await library.pull("smollm2", { signal: AbortSignal.timeout(60_000) })).toMatchObject(expected);
    // The file alone says the same as the catalog.
    expect(await library.pull(fetched, { signal: AbortSignal.timeout(60_000) })).toMatchObject({
      id: "SmolLM2-135M-Instruct.Q4_1",
      ...{ capabilities: expected.capabilities, contextLength: 8192, layers: 30, kvBytesPerToken: 23_040, licence: "apache-2.0" },
    });
    expect(hub.seen).toEqual([]);
  } finally {
    await hub.stop();
    await rm(folder, { recursive: true });
  }
});
