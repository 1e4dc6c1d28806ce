import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { endAll } from "./bonfire-process.ts";
import { startPlatformProcess } from "./running-platform.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Of the platform that all end-to-end tests share; ends with `/v1`. */
    readonly baseUrl: string;
    /** An admin key. */
    readonly apiKey: string;
    readonly home: string;
    /** What it has logged so far. */
    readonly logFile: string;
  }
}

/** Starts one real platform for all end-to-end tests. @returns the function that ends it, and fails when it does not end well. */
export default async function startSharedPlatform(project: TestProject): Promise<() => Promise<void>> {
  const home = mkdtempSync(join(tmpdir(), "bonfire-home-"));
  const apiKey = randomBytes(32).toString("hex");
  try {
    const platform = await startPlatformProcess({ home, env: { BONFIRE_BOOTSTRAP_KEY: apiKey } });
    project.provide("baseUrl", platform.baseUrl);
    project.provide("apiKey", apiKey);
    project.provide("home", home);
    project.provide("logFile", platform.stderrFile);
    return async () => {
      try {
        const exitCode = await platform.stop("SIGINT");
        if (exitCode !== 0) throw new Error(`The platform of the end-to-end tests ended with code ${exitCode}:\n${platform.stderr()}`);
      } finally {
        await cleanUp(home);
      }
    };
  } catch (error) {
    await cleanUp(home);
    throw error;
  }
}

async function cleanUp(home: string): Promise<void> {
  await endAll();
  rmSync(home, { recursive: true, force: true });
}
