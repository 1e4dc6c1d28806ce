import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import type { PythonTools } from "../../processes/python-tools.ts";
import { createModelLibrary, type ModelLibrary, type PullOptions } from "../model-library.ts";
import type { ModelProgress } from "../progress.ts";
import { ModelHub } from "./model-hub.ts";
import { tinyModel } from "./tiny-gguf.ts";

const GIB = 2 ** 30;
const noPython: PythonTools = {
  pip: () => Promise.reject(new Error("no pip in this test")),
  script: () => Promise.reject(new Error("no Python in this test")),
};

export const NEVER = new AbortController().signal;
export const Q4 = tinyModel({}, Buffer.alloc(200_000, 1));
export const Q8 = tinyModel({}, Buffer.alloc(300_000, 2));

/** An empty machine with a hub of its own for each test: 16 GiB of memory, no accelerator. */
export class LibraryFixture {
  folder = "";
  models = "";
  hub = new ModelHub();
  /** Of `pull`. */
  progress: ModelProgress[] = [];
  problems: string[] = [];

  constructor() {
    beforeEach(async () => {
      this.folder = await mkdtemp(join(tmpdir(), "bonfire-library-"));
      this.models = join(this.folder, "models");
      this.hub = new ModelHub();
      await this.hub.start();
      this.progress = [];
      this.problems = [];
    });
    afterEach(async () => {
      await this.hub.stop();
      await rm(this.folder, { recursive: true });
    });
  }

  /** A new one each time, as each process has its own. */
  library(overrides: Partial<Parameters<typeof createModelLibrary>[0]> = {}): ModelLibrary {
    return createModelLibrary({
      directory: this.models,
      huggingFace: { endpoint: this.hub.endpoint, token: "hf_secret" },
      python: noPython,
      machine: { memoryBytes: 16 * GIB, vramBytes: 0 },
      onProblem: (problem) => void this.problems.push(problem),
      ...overrides,
    });
  }

  pull(reference: string, more: Partial<PullOptions> = {}) {
    return this.library().pull(reference, { signal: NEVER, onProgress: (event) => void this.progress.push(event), ...more });
  }

  /** `owner/tiny` in two quantizations. @returns the commit. */
  publishTiny(): string {
    return this.hub.publish("owner/tiny", { "README.md": Buffer.from("#"), "tiny-Q4_K_M.gguf": Q4, "tiny-Q8_0.gguf": Q8 });
  }

  /** Names of everything below the models' folder. */
  async allFiles(): Promise<string[]> {
    const entries = await readdir(this.models, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .toSorted();
  }
}
