import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ModelHub } from "../../../platform/src/models/testing/model-hub.ts";
import { tinyModel } from "../../../platform/src/models/testing/tiny-gguf.ts";
import { runHere } from "../testing/run-cli.ts";
import { temporaryHome } from "../testing/temporary-home.ts";

/** A machine without a running platform, with a hub that has one model. */
async function machine() {
  const home = temporaryHome();
  const hub = new ModelHub();
  await hub.start();
  onTestFinished(() => hub.stop());
  hub.publish("owner/tiny", { "tiny-Q4_K_M.gguf": tinyModel({}, Buffer.alloc(200_000, 1)) });
  const env = { BONFIRE_CACHE: join(home, "cache"), HF_ENDPOINT: hub.endpoint };
  return { home, hub, run: (...args: string[]) => runHere(args, { home, env }) };
}

describe("bonfire models pull without a platform", () => {
  it("fetches the model itself, and finds it there the next time", async () => {
    const { hub, run } = await machine();
    const first = await run("models", "pull", "hf:owner/tiny");
    expect(first).toMatchObject({ exitCode: 0, stdout: "owner/tiny is installed. Try it: npx --no bonfire chat owner/tiny\n" });
    expect(first.stderr).toContain("No platform runs; the model is fetched by this program.\n");
    expect(first.stderr).toMatch(/100 % of \d+ KiB/);
    const second = await run("models", "pull", "hf:owner/tiny", "--json");
    expect(JSON.parse(second.stdout)).toMatchObject({ id: "owner/tiny", object: "installed_model", state: "unloaded", reason: null });
    expect(hub.downloads).toHaveLength(1);
  });

  it("takes a file where it lies", async () => {
    const { home, run } = await machine();
    const file = join(home, "mine.gguf");
    writeFileSync(file, tinyModel({}, Buffer.alloc(1_000, 1)));
    expect(JSON.parse((await run("models", "pull", file, "--json")).stdout)).toMatchObject({ id: "mine", source: `file:${file}` });
  });

  it.each([
    ["qwen3:8", /No model is called "qwen3:8"\. Did you mean .*qwen3:8b/],
    ["gemma3:4b", /must be accepted[^\n]*https:[^\n]*\nThen: npx --no bonfire models pull gemma3:4b --accept-licence/],
    ["hf:owner/none", /Could not get hf:owner\/none/],
  ])("%s fails with what to do", async (reference, message) => {
    const { run } = await machine();
    expect(await run("models", "pull", reference)).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringMatching(message) });
  });
});
