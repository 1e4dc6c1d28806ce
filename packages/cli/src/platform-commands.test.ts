import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { statusScreen } from "./status-screen.ts";
import { plain } from "./terminal-text.ts";
import { failed, startFakePlatform } from "./testing/fake-platform.ts";
import { runHere } from "./testing/run-cli.ts";
import { NOW, sampleModel, sampleStatus } from "./testing/samples.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

async function platform(routes: Parameters<typeof startFakePlatform>[1]): Promise<string> {
  const home = temporaryHome();
  const fake = await startFakePlatform(home, routes);
  onTestFinished(fake.stop);
  return home;
}

afterEach(() => expect(process.listenerCount("SIGINT")).toBe(0));

describe("bonfire status", () => {
  const screen = (status = sampleStatus()) => statusScreen(status, { now: NOW, paint: plain });

  it("is one screen of what an operator asks", () => {
    expect(screen()).toBe(`Bonfire 0.1.0

Base URL  http://127.0.0.1:8080/v1
Home      /home/ada/.bonfire, process 4242
Running   for 2 h 5 min, 1 request now
Database  embedded, up
Ledger    1 attempt running, all written, 2.00 KiB write-ahead
Memory    512 MiB of 8.00 GiB planned

MODEL                                ALIASES  SIZE      CONTEXT  STATE
HuggingFaceTB/SmolLM2-135M-Instruct  smollm2  93.5 MiB  8192     ready, pinned`);
  });

  it("says since when the database is down, and what that means", () => {
    const database = { kind: "external", state: "down", since: NOW - 90 } as const;
    expect(screen(sampleStatus({ database }))).toContain("external, down for 1 min 30 s: known keys go on working, changes are refused");
  });

  it("tells why a model failed, without what would steer the terminal", () => {
    const model = sampleModel({ state: "failed", reason: "exit code 1:\n\u001B[31mno memory" });
    expect(screen(sampleStatus({ models: [model] }))).toContain("failed, pinned: exit code 1: [31mno memory");
  });

  it("shows GPUs where there are some", () => {
    const memory = { ...sampleStatus().memory, gpu_budget_bytes: 80 * 2 ** 30, gpu_used_bytes: 2 ** 30 };
    const text = screen(sampleStatus({ memory, gpus: [{ name: "NVIDIA H200", memory_bytes: 139 * 2 ** 30 }] }));
    expect(text).toContain("GPU         NVIDIA H200, 139 GiB");
    expect(text).toContain("GPU memory  1.00 GiB of 80.0 GiB planned");
  });

  it("asks the platform of the home, without a key", async () => {
    const home = await platform({ "GET /admin/v1/status": () => ({ json: sampleStatus() }) });
    const { exitCode, stdout, stderr } = await runHere(["status"], { home });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("http://127.0.0.1:8080/v1");
    expect(JSON.parse((await runHere(["status", "--json"], { home })).stdout)).toEqual(sampleStatus());
  });
});

describe("a command that needs a platform", () => {
  it("ends with code 3 where none answers, and says how to start one", async () => {
    const home = temporaryHome();
    expect(await runHere(["status"], { home })).toEqual({
      exitCode: 3,
      stdout: "",
      stderr: `No platform answers at ${home}. Start one with \`npm start\`.\n`,
    });
  });

  it("works also where bonfire.yaml and the variables cannot be used", async () => {
    const home = await platform({ "GET /admin/v1/status": () => ({ json: sampleStatus() }) });
    expect(await runHere(["status"], { home, env: { BONFIRE_PORT: "none", BONFIRE_CONFIG: "/nowhere.yaml" } })).toMatchObject({
      exitCode: 0,
    });
  });

  it("tells what the platform says, in one line and with code 1", async () => {
    const home = await platform({ "GET /admin/v1/status": () => failed(503, "database_unavailable", "The database is away.") });
    expect(await runHere(["status"], { home })).toEqual({ exitCode: 1, stdout: "", stderr: "The database is away.\n" });
  });

  it("says so when the line breaks off", async () => {
    const home = await platform({ "GET /admin/v1/status": () => "hang up" });
    expect(await runHere(["status"], { home })).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/broke off: .+\.\n$/) });
  });

  it("says so when the answer is of another version", async () => {
    const home = await platform({ "GET /admin/v1/status": () => ({ json: { object: "status", version: "9" } }) });
    expect(await runHere(["status"], { home })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("Are both of the same version?"),
    });
  });

  it.each([
    [["status", "--url", "here"], "--url here is no URL"],
    [["status", "--url", "ftp://127.0.0.1"], "--url ftp://127.0.0.1 is no URL"],
    [["status", "--url", "http://127.0.0.1:1"], "set BONFIRE_ADMIN_KEY"],
    [["chat", "m", "q", "--url", "http://127.0.0.1:1"], "set BONFIRE_API_KEY"],
  ])("%j is wrong usage", async (args, text) => {
    expect(await runHere(args, { home: temporaryHome() })).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(text) });
  });

  it("names the URL that does not answer", async () => {
    const outcome = await runHere(["status", "--url", "http://127.0.0.1:1", "--admin-key", "k"], { home: temporaryHome() });
    expect(outcome).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("http://127.0.0.1:1") });
  });
});
