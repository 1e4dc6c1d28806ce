import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from "vitest";
import type { FakeReplica } from "../packages/platform/src/engine/testing/fake-replica.ts";
import { type RunningPlatform, startPlatformProcess } from "./running-platform.ts";
import { sdkEnvironment } from "./sdk-environment.ts";
import { connectToSharedPlatform } from "./shared-platform.ts";
import { startVisionUpstream, VISION_MODEL } from "./vision-upstream.ts";

const EXAMPLES = fileURLToPath(new URL("../examples/", import.meta.url));
const names = readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .sort();

const apiKey = inject("apiKey");
const environment = sdkEnvironment(inject("baseUrl"), { apiKey, visionModel: VISION_MODEL });
const { fetch } = await connectToSharedPlatform();

/** In this process: what the SDKs load is loaded once. They print, and fail by throwing. */
async function run(name: string): Promise<void> {
  await import(pathToFileURL(join(EXAMPLES, name)).href);
}

describe("the example", () => {
  beforeEach(() => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    // Every answer is checked against the OpenAPI document.
    vi.stubGlobal("fetch", fetch);
    vi.spyOn(console, "log").mockReturnValue();
    vi.spyOn(process.stdout, "write").mockReturnValue(true);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });

  it.each(names.filter((name) => !seesImages(name) && !readsItsAddressOnce(name)))("%s runs", run);
});

describe("the example that has to be a program of its own", () => {
  it.each(names.filter((name) => !seesImages(name) && readsItsAddressOnce(name)))("%s runs", async (name) => {
    expect(await runProgram(name, environment)).toMatchObject({ exitCode: 0 });
  });
});

describe("with a model that sees, the example", () => {
  let home: string;
  let upstream: FakeReplica;
  let platform: RunningPlatform;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "bonfire-home-"));
    upstream = await startVisionUpstream();
    const env = { BONFIRE_PRELOAD: "none", BONFIRE_UPSTREAM_URL: upstream.url, BONFIRE_BOOTSTRAP_KEY: apiKey };
    platform = await startPlatformProcess({ home, env });
  });
  afterAll(async () => {
    await platform.stop();
    await upstream.close();
    rmSync(home, { recursive: true, force: true });
  });

  it.each(names.filter(seesImages))("%s runs, and the model is given the image", async (name) => {
    const { exitCode, output } = await runProgram(name, sdkEnvironment(platform.baseUrl, { apiKey, visionModel: VISION_MODEL }));
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringContaining("<image>") });
    expect(JSON.stringify(upstream.calls.at(-1)?.body)).toContain("data:image/png;base64,");
  });
});

describe("an example that does not get the answer it expects", () => {
  it("ends as a program that failed", async () => {
    expect((await runProgram("openai-node/chat.ts", { ...environment, OPENAI_API_KEY: "bf-wrong" })).exitCode).toBe(1);
  });
});

/** As a user does. */
async function runProgram(name: string, variables: Readonly<Record<string, string>>): Promise<{ exitCode: unknown; output: string }> {
  const child = spawn(process.execPath, ["--import", "tsx", join(EXAMPLES, name)], { env: { ...process.env, ...variables } });
  const output = [text(child.stdout), text(child.stderr)];
  const [exitCode]: unknown[] = await once(child, "exit");
  return { exitCode, output: (await Promise.all(output)).join("") };
}

/** Its SDK reads the base URL when it is loaded, which another test may have done. */
function readsItsAddressOnce(name: string): boolean {
  return name.startsWith("vercel-ai-sdk/");
}

function seesImages(name: string): boolean {
  return name.endsWith("vision.ts");
}
