import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { installedModel, installedModelList } from "@bonfire/protocol/installed-models";
import { platformStatus } from "@bonfire/protocol/status";
import { afterAll, describe, expect, inject, it } from "vitest";
import { tinyModel } from "../packages/platform/src/models/testing/tiny-gguf.ts";
import { endAll, runBonfire } from "./bonfire-process.ts";
import { MODEL } from "./shared-platform.ts";

const home = inject("home");
const bonfire = (...args: string[]) => runBonfire(args, { home });

afterAll(endAll);

async function installed() {
  const { stdout } = await bonfire("models", "list", "--json");
  return installedModelList.shape.data.parse(JSON.parse(stdout));
}

describe("bonfire status", () => {
  it("tells of the running platform", async () => {
    const { exitCode, stdout } = await bonfire("status");
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Base URL  ${inject("baseUrl")}\n`);
    expect(stdout).toMatch(/Database {2}embedded, up/);
    expect(stdout).toContain(MODEL);
    expect(platformStatus.parse(JSON.parse((await bonfire("status", "--json")).stdout))).toMatchObject({
      home,
      base_url: inject("baseUrl"),
    });
  });

  it("tells it to those elsewhere who have an admin key", async () => {
    const args = ["status", "--json", "--url", inject("baseUrl")];
    const outcome = await runBonfire(args, { home: join(home, "elsewhere"), env: { BONFIRE_ADMIN_KEY: inject("apiKey") } });
    expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(outcome.stdout)).toMatchObject({ home });
  });

  it("ends with code 3 where no platform runs", async () => {
    expect(await runBonfire(["status"], { home: join(home, "elsewhere") })).toMatchObject({ exitCode: 3, stdout: "" });
  });
});

describe("bonfire models", () => {
  it("list and ps show the model that is served", async () => {
    expect(await installed()).toContainEqual(expect.objectContaining({ id: MODEL, state: "ready", pinned: true }));
    expect((await bonfire("models", "ps")).stdout).toMatch(new RegExp(`${MODEL} +ready, pinned +\\d+ of \\d+ `));
  });

  it("list --available shows the catalog", async () => {
    const { stdout } = await bonfire("models", "list", "--available");
    expect(stdout).toMatch(new RegExp(`${MODEL} .* installed\n`));
  });

  it("unload gives the memory back, load takes it again", async () => {
    expect((await bonfire("models", "unload", "smollm2")).stdout).toBe(`${MODEL} is unloaded.\n`);
    expect(await installed()).toContainEqual(expect.objectContaining({ id: MODEL, state: "unloaded", replica: null }));
    const { stdout } = await bonfire("models", "load", "smollm2", "--json");
    expect(installedModel.parse(JSON.parse(stdout))).toMatchObject({ id: MODEL, state: "ready", replica: { running_requests: 0 } });
  });

  it("pull makes a model known to the running platform, rm forgets it", async () => {
    const file = join(home, "cli-test.gguf");
    writeFileSync(file, tinyModel({}, Buffer.alloc(1_000, 1)));
    expect(await bonfire("models", "pull", file)).toMatchObject({
      exitCode: 0,
      stdout: "cli-test is installed. Try it: npx --no bonfire chat cli-test\n",
    });
    expect(await installed()).toContainEqual(expect.objectContaining({ id: "cli-test", source: `file:${file}` }));
    expect(await bonfire("models", "rm", "cli-test")).toMatchObject({ exitCode: 0, stdout: "cli-test is removed.\n" });
    expect((await installed()).map(({ id }) => id)).not.toContain("cli-test");
  });

  it("pull of an unknown name suggests the right one", async () => {
    expect(await bonfire("models", "pull", "smolm2")).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining("smollm2"),
    });
  });

  it.each(["rm", "load", "unload"])("%s of an unknown model says so", async (command) => {
    expect(await bonfire("models", command, "no/such")).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining("no/such"),
    });
  });
});

describe("bonfire chat", () => {
  const question = ["Say a word.", "--max-tokens", "8", "--temperature", "0"];

  it("answers one question without a key on this machine", async () => {
    const { exitCode, stdout } = await bonfire("chat", "smollm2", ...question);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/\S.*\n$/s) });
  });

  it("asks for a key with --url", async () => {
    const remote = ["chat", "smollm2", ...question, "--url", inject("baseUrl")];
    expect(await bonfire(...remote)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("BONFIRE_API_KEY") });
    const outcome = await runBonfire(remote, { home, env: { BONFIRE_API_KEY: inject("apiKey") } });
    expect(outcome).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\S/) });
  });

  it("says when there is no such model", async () => {
    expect(await bonfire("chat", "no/such", ...question)).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining("no/such"),
    });
  });
});

describe("bonfire logs", () => {
  it("shows what the platform logged, without its key", async () => {
    const { exitCode, stdout } = await bonfire("logs", "-n", "10000", "--json");
    expect(exitCode).toBe(0);
    expect(
      stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    ).toContainEqual(expect.objectContaining({ msg: "ready" }));
    expect(stdout).not.toContain(inject("apiKey"));
  });
});

describe("bonfire up --config", () => {
  it.each([
    ["that is not there", undefined, "cannot be read"],
    ["with a setting that does not exist", "server: {prot: 1}", "did you mean server.port?"],
  ])("refuses a file %s, with code 2", async (_, text, message) => {
    const file = join(home, "chosen.yaml");
    if (text !== undefined) writeFileSync(file, text);
    const config = text === undefined ? join(home, "nowhere.yaml") : file;
    const outcome = await runBonfire(["up", "--config", config], { home: join(home, "elsewhere") });
    expect(outcome).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining(message) });
  });
});
