import { randomBytes } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "vitest";
import { until } from "../../packages/platform/src/engine/testing/until.ts";
import { endAll } from "../bonfire-process.ts";
import { openApiCheckingFetch } from "../openapi-checking-fetch.ts";
import { processesNaming } from "../processes.ts";
import { type RunningPlatform, startPlatformProcess } from "../running-platform.ts";
import { ENDLESS, MODEL, openaiClient } from "../shared-platform.ts";

export const KEY = randomBytes(24).toString("hex");
export const BOOTSTRAP = { BONFIRE_BOOTSTRAP_KEY: KEY };
export const QUESTION = [{ role: "user" as const, content: "What is a bonfire?" }];

/** A folder of its own for each test of a file; after it nothing runs there. @returns what gives the current ones. */
export function useOwnFolder(): { readonly folder: () => string; readonly home: () => string } {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), "bf-"));
  });
  afterEach(async () => {
    await endAll();
    await untilNothingRunsIn(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder: () => folder, home: () => join(folder, "home") };
}

export function startAt(home: string, env: Record<string, string> = BOOTSTRAP): Promise<RunningPlatform> {
  return startPlatformProcess({ home, env });
}

export async function connect(platform: RunningPlatform, key = KEY) {
  const checked = await openApiCheckingFetch(platform.baseUrl);
  return openaiClient(platform.baseUrl, key, checked);
}

/** A streamed answer of that many tokens, of which the first is there. */
export async function startStream(platform: RunningPlatform, tokens: number) {
  const client = await connect(platform);
  const stream = await client.chat.completions.create({ model: MODEL, messages: QUESTION, ...ENDLESS, max_tokens: tokens, stream: true });
  const chunks = stream[Symbol.asyncIterator]();
  await chunks.next();
  return { [Symbol.asyncIterator]: () => chunks };
}

/** Answers a question, which needs the edge, a key and the engine. */
export async function expectToWork(platform: RunningPlatform, key = KEY): Promise<void> {
  const client = await connect(platform, key);
  const { choices } = await client.chat.completions.create({ model: MODEL, messages: QUESTION, max_tokens: 2 });
  expect(choices[0]?.message.content).not.toBe("");
}

async function untilNothingRunsIn(path: string): Promise<void> {
  await until(() => processesNaming(path).length === 0, 20_000);
}

export function printedKey({ stdout }: RunningPlatform): string | undefined {
  return /^Key +(bf-[0-9A-Za-z]{43})$/m.exec(stdout())?.[1];
}
