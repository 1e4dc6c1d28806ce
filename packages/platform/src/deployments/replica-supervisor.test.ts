import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LaunchPlan } from "../engine/engine.ts";
import { PLACEHOLDER } from "../engine/engine.ts";
import { until } from "../engine/testing/until.ts";
import { openaiCompatible } from "../engines/openai-compatible/openai-compatible.ts";
import { ProcessSubstrate } from "../substrates/process/process-substrate.ts";
import { ReplicaSupervisor } from "./replica-supervisor.ts";
import { restartDelayMs } from "./restart-delay.ts";

/** A server on the socket of its plan, with the key of its plan. */
const SERVER = `
  const http = require("http"), [socket] = process.argv.slice(1);
  http.createServer((request, response) => {
    const right = request.headers.authorization === "Bearer " + process.env.KEY;
    response.writeHead(right ? 200 : 401, { "content-type": "application/json" });
    response.end(right ? JSON.stringify({ data: [{ id: "m" }] }) : '{"error":"no"}');
  }).listen(socket);`;

const plan = (script: string): LaunchPlan => ({
  command: process.execPath,
  args: ["-e", script, PLACEHOLDER.socketPath],
  env: { KEY: PLACEHOLDER.secret },
  slots: 1,
  contextLength: 100,
  memoryBytes: 0,
});

describe("restartDelayMs", () => {
  it("doubles with each failure in a row, up to a ceiling", () => {
    expect([1, 2, 3, 4, 20].map(restartDelayMs)).toEqual([500, 1_000, 2_000, 4_000, 30_000]);
  });
});

describe("ReplicaSupervisor", () => {
  let directory: string;
  let substrate: ProcessSubstrate;
  let supervisor: ReplicaSupervisor;
  const events: { state: string; reason?: string }[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "bf-"));
    events.length = 0;
    substrate = new ProcessSubstrate({ socketDirectory: directory, environment: {}, onLine: () => undefined });
  });
  afterEach(async () => {
    await supervisor.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const supervise = (script: string) => {
    supervisor = new ReplicaSupervisor({
      model: "m",
      engine: openaiCompatible,
      plan: plan(script),
      substrate,
      onEvent: (event) => events.push(event),
    });
    return supervisor;
  };

  it("is ready when the replica answers to its one-use key", async () => {
    await supervise(SERVER).start();
    expect(supervisor.state).toBe("ready");
    expect(await supervisor.client?.health(AbortSignal.timeout(5_000))).toMatchObject({ state: "ready", models: ["m"] });
  });

  it("fails at the first start with the last words of a replica that cannot run", async () => {
    await expect(supervise("console.error('no such file'); process.exit(1)").start()).rejects.toThrow(/exit code 1.*\n?.*no such file/);
    expect(await substrate.observe()).toEqual([]);
  });

  it("has no client while the replica is gone, and starts another one", async () => {
    await supervise(SERVER).start();
    const [first] = await substrate.observe();
    await substrate.stop(first?.id ?? "", 1_000);
    await until(() => events.some((event) => event.reason !== undefined));
    await until(() => supervisor.state === "ready" && supervisor.client !== undefined);
    const [second] = await substrate.observe();
    expect(second?.id).not.toBe(first?.id);
  });

  it("leaves nothing behind when it is stopped, also in the middle of a start", async () => {
    const start = supervise("setInterval(() => {}, 1000)").start();
    await until(async () => (await substrate.observe()).length === 1);
    await Promise.all([expect(start).rejects.toThrow("being stopped"), supervisor.stop()]);
    expect(await substrate.observe()).toEqual([]);
  });
});
