import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { loadConfig } from "../packages/platform/src/config.ts";
import { DEFAULT_MODEL } from "../packages/platform/src/models/catalog.ts";
import { ModelHub } from "../packages/platform/src/models/testing/model-hub.ts";
import { endAll, runBonfire } from "./bonfire-process.ts";

const CLONE = fileURLToPath(new URL("../", import.meta.url));

const report = z.strictObject({
  object: z.literal("doctor_report"),
  healthy: z.boolean(),
  checks: z.array(
    z.strictObject({
      name: z.string(),
      question: z.string().endsWith("?"),
      state: z.enum(["ok", "warning", "failed", "skipped"]),
      found: z.string().min(1),
      mend: z.strictObject({ why: z.string().min(1), command: z.string().min(1) }).optional(),
    }),
  ),
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "bf-doctor-"));
});
afterEach(async () => {
  await endAll();
  rmSync(folder, { recursive: true, force: true });
});

/** A port that is free now, so that a program on 8080 is no finding. */
const FREE = { BONFIRE_PORT: "0" };

async function examine(home: string, env: Readonly<Record<string, string>> = FREE) {
  const { exitCode, stdout, stderr } = await runBonfire(["doctor", "--json"], { home, env });
  expect(stderr).toBe("");
  const { healthy, checks } = report.parse(JSON.parse(stdout));
  return { exitCode, healthy, checks, find: (name: string) => checks.find((check) => check.name === name) };
}

describe("bonfire doctor", () => {
  it("finds nothing wrong with a platform that runs, and knows it", async () => {
    const { exitCode, healthy, checks, find } = await examine(inject("home"));
    expect(checks.filter(({ state }) => state === "failed")).toEqual([]);
    expect({ exitCode, healthy }).toEqual({ exitCode: 0, healthy: true });
    expect(find("platform")).toMatchObject({ state: "ok", found: expect.stringContaining(inject("baseUrl")) });
    expect(find("port")).toMatchObject({ state: "ok" });
    expect(find("running models")).toMatchObject({ state: "ok" });
    expect(find("running database")).toMatchObject({ state: "ok" });
  });

  it("changes nothing where nothing is yet", async () => {
    const home = join(folder, "home");
    const cache = join(folder, "cache");
    const { find } = await examine(home, { ...FREE, BONFIRE_CACHE: cache });
    expect(find("platform")).toMatchObject({ state: "ok", found: "the platform does not run" });
    expect({ home: existsSync(home), cache: existsSync(cache) }).toEqual({ home: false, cache: false });
  });

  it("looks at what it can while the settings cannot be used", async () => {
    const { exitCode, healthy, checks, find } = await examine(folder, { BONFIRE_PORT: "eighty" });
    expect({ exitCode, healthy }).toEqual({ exitCode: 1, healthy: false });
    expect(find("node")).toMatchObject({ state: "ok" });
    expect(find("settings")).toMatchObject({ state: "failed", mend: { command: "unset BONFIRE_PORT" } });
    expect(find("engine")).toMatchObject({ state: "skipped", found: "not looked at, because the settings cannot be used" });
    expect(checks.filter(({ state }) => state === "failed")).toHaveLength(1);
  });

  it("tells a person what is wrong, with the command that mends it", async () => {
    const { exitCode, stdout } = await runBonfire(["doctor"], { home: folder, env: { BONFIRE_HOST: "192.0.2.1" } });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^✓ node +Node\.js/m);
    expect(stdout).toMatch(/^✗ port +192\.0\.2\.1 is no address of this machine\n +.*\n +export BONFIRE_HOST=127\.0\.0\.1$/m);
    expect(stdout).toMatch(/\d failed.*troubleshooting\.md/);
  });

  it("notices a model that was cut off, and its command fetches it again", async () => {
    const source = join(loadConfig(process.env).cache, "models", DEFAULT_MODEL.weights.fileName);
    const hub = new ModelHub(readFileSync(source));
    await hub.start();
    try {
      const env = { ...FREE, BONFIRE_CACHE: join(folder, "cache"), HF_ENDPOINT: hub.endpoint };
      const models = join(folder, "cache", "models");
      mkdirSync(models, { recursive: true });
      const file = join(models, DEFAULT_MODEL.weights.fileName);
      copyFileSync(source, file);
      expect((await examine(folder, env)).find("model files")).toMatchObject({ state: "ok" });

      truncateSync(file, 1_000_000);
      const damaged = await examine(folder, env);
      expect(damaged.exitCode).toBe(1);
      const check = damaged.find("model files");
      expect(check).toMatchObject({ state: "failed", found: expect.stringContaining(file) });
      await promisify(execFile)("/bin/sh", ["-ec", check?.mend?.command ?? "exit 1"], {
        cwd: CLONE,
        env: { ...process.env, ...env, BONFIRE_HOME: folder },
      });
      expect((await examine(folder, env)).find("model files")).toMatchObject({ state: "ok" });
    } finally {
      await hub.stop();
    }
  });
});
