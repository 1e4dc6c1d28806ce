import type { PullEvent } from "@bonfire/protocol/installed-models";
import { describe, expect, it, onTestFinished } from "vitest";
import { until } from "../../../platform/src/engine/testing/until.ts";
import { failed, startFakePlatform } from "../testing/fake-platform.ts";
import { runHere } from "../testing/run-cli.ts";
import { SAMPLE_CATALOG, sampleModel, UNLOADED } from "../testing/samples.ts";
import { temporaryHome } from "../testing/temporary-home.ts";
import { barLine, lineProgress } from "./pull-progress.ts";

async function platform(routes: Parameters<typeof startFakePlatform>[1]) {
  const home = temporaryHome();
  const fake = await startFakePlatform(home, routes);
  onTestFinished(fake.stop);
  return { home, calls: fake.calls };
}

const withModels = () =>
  platform({
    "GET /admin/v1/models": () => ({ json: { object: "list", data: [sampleModel(), UNLOADED] } }),
    "GET /admin/v1/catalog": () => ({ json: { object: "list", data: SAMPLE_CATALOG } }),
  });

describe("bonfire models", () => {
  it("list shows what is installed and what each model does", async () => {
    const { home } = await withModels();
    expect((await runHere(["models", "list"], { home })).stdout).toBe(
      `MODEL                                ALIASES   SIZE      CONTEXT  STATE
HuggingFaceTB/SmolLM2-135M-Instruct  smollm2   93.5 MiB  8192     ready, pinned
Qwen/Qwen3-8B                        qwen3:8b  93.5 MiB  8192     unloaded
`,
    );
  });

  it("list --available shows the catalog and what is too large for the machine", async () => {
    const { home } = await withModels();
    const { stdout } = await runHere(["models", "list", "--available"], { home });
    expect(stdout).toContain("google/gemma-3-27b-it  gemma3:27b  27B         15.8 GiB  131072   Gemma (to be accepted)  too large");
    expect(JSON.parse((await runHere(["models", "list", "--available", "--json"], { home })).stdout)).toEqual(SAMPLE_CATALOG);
  });

  it("ps shows what is loaded and what it takes", async () => {
    const { home } = await withModels();
    const { stdout } = await runHere(["models", "ps"], { home });
    expect(stdout).toMatch(/SmolLM2-135M-Instruct +ready, pinned +1 of 4 +8192 +512 MiB +none +0 +\d+ d/);
    expect(stdout).not.toContain("Qwen");
    expect(JSON.parse((await runHere(["models", "ps", "--json"], { home })).stdout)).toEqual([sampleModel()]);
  });

  it("load and unload name the model and say what became of it", async () => {
    const { home, calls } = await platform({
      "POST /admin/v1/models/load": () => ({ json: sampleModel() }),
      "POST /admin/v1/models/unload": () => ({ json: UNLOADED }),
    });
    expect((await runHere(["models", "load", "smollm2"], { home })).stdout).toBe(
      "HuggingFaceTB/SmolLM2-135M-Instruct is ready with 4 slots of 8192 tokens in 512 MiB.\n",
    );
    expect((await runHere(["models", "unload", "qwen3:8b"], { home })).stdout).toBe("Qwen/Qwen3-8B is unloaded.\n");
    expect(calls.map(({ body }) => body)).toEqual([{ model: "smollm2" }, { model: "qwen3:8b" }]);
  });

  it("rm escapes the slashes of an id", async () => {
    const { home } = await platform({
      "DELETE /admin/v1/models/Qwen%2FQwen3-8B": () => ({ json: { id: "Qwen/Qwen3-8B", object: "installed_model", deleted: true } }),
    });
    expect(await runHere(["models", "rm", "Qwen/Qwen3-8B"], { home })).toEqual({
      exitCode: 0,
      stdout: "Qwen/Qwen3-8B is removed.\n",
      stderr: "",
    });
  });
});

describe("bonfire models pull", () => {
  const bytes = (received: number): PullEvent => ({ type: "bytes", file: "q.gguf", received_bytes: received, total_bytes: 2_048 });
  const pulling = (events: AsyncIterable<unknown> | Iterable<unknown>) => platform({ "POST /admin/v1/models": () => ({ events }) });

  it("tells in lines how far it is, and how to try the model", async () => {
    const { home, calls } = await pulling([
      { type: "message", text: "looking for it" },
      ...[0, 100, 820, 830, 2_048].map(bytes),
      { type: "installed", model: UNLOADED },
    ]);
    const { exitCode, stdout, stderr } = await runHere(["models", "pull", "qwen3:8b", "--accept-licence"], { home });
    expect(stderr.split("\n")).toEqual(["looking for it", "0 % of 2.00 KiB", "40 % of 2.00 KiB", "100 % of 2.00 KiB", ""]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "Qwen/Qwen3-8B is installed. Try it: npx --no bonfire chat qwen3:8b\n" });
    expect(calls[0]?.body).toEqual({ model: "qwen3:8b", accept_licence: true });
  });

  it.each([
    ["a status", () => failed(400, "invalid_value", 'No model is called "qen".')],
    [
      "an error in the stream",
      () => ({ events: [bytes(1), { error: { message: 'No model is called "qen".', type: "x", param: null, code: null } }] }),
    ],
  ])("fails with what the platform says by %s", async (_, answer) => {
    const { home } = await platform({ "POST /admin/v1/models": answer });
    expect(await runHere(["models", "pull", "qen"], { home })).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining('No model is called "qen".\n'),
    });
  });

  it("says that what has come is kept when the platform goes away", async () => {
    const { home } = await pulling([bytes(1), "hang up"]);
    expect(await runHere(["models", "pull", "q"], { home })).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("broke off") });
  });

  it("hangs up at Ctrl-C, which stops the download, and ends with code 130", async () => {
    const { home, calls } = await pulling(
      (async function* () {
        yield bytes(500);
        await new Promise<never>(() => undefined);
      })(),
    );
    const pull = runHere(["models", "pull", "q"], { home });
    await until(() => calls.length === 1 && process.listenerCount("SIGINT") === 1);
    process.emit("SIGINT");
    expect(await pull).toMatchObject({
      exitCode: 130,
      stderr: expect.stringContaining("What has come is kept: npx --no bonfire models pull q"),
    });
    await until(() => calls[0]?.signal.aborted === true);
  });
});

describe("progress of a pull", () => {
  it("is one line with bytes, speed and time left", () => {
    expect(barLine({ type: "bytes", file: "a/q.gguf", received_bytes: 2 ** 29, total_bytes: 2 ** 30 }, 2 ** 26)).toBe(
      `${"━".repeat(15)}${" ".repeat(15)}  50 %  512 MiB of 1.00 GiB  64.0 MiB/s  8 s left  q.gguf`,
    );
  });

  it("does without a total that nobody knows", () => {
    expect(barLine({ type: "bytes", file: "q.gguf", received_bytes: 100, total_bytes: null }, undefined)).toBe("q.gguf  100 B");
    const lines: string[] = [];
    lineProgress((line) => lines.push(line)).show({ type: "bytes", file: "q", received_bytes: 1, total_bytes: null });
    expect(lines).toEqual([]);
  });
});
