import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { until } from "../engine/testing/until.ts";
import { openaiCompatible } from "../engines/openai-compatible/openai-compatible.ts";
import { ProcessSubstrate } from "../substrates/process/process-substrate.ts";
import { ReplicaSupervisor } from "./replica-supervisor.ts";
import { RESTART_POLICY } from "./restart-policy.ts";
import { CRASHING, planFor, SERVER, SILENT } from "./testing/small-replica.ts";

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
  const supervise = (script: string, engine: Engine = openaiCompatible) => {
    supervisor = new ReplicaSupervisor({
      model: "m",
      engine,
      plan: planFor(script),
      substrate,
      onEvent: (event) => events.push(event),
      restarts: { ...RESTART_POLICY, firstDelayMs: 20 },
    });
    return supervisor;
  };

  it("is ready when the replica answers to its one-use key", async () => {
    await supervise(SERVER).start();
    expect(supervisor.state).toBe("ready");
    expect(await supervisor.client?.health(AbortSignal.timeout(5_000))).toMatchObject({
      state: "ready",
      models: [{ id: expect.stringMatching(/^pid-/) }],
    });
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

  it("starts another replica where its client says that this one is beyond help", async () => {
    const lose: ((reason: string) => void)[] = [];
    const engine: Engine = {
      ...openaiCompatible,
      connect: (replica) => Object.assign(openaiCompatible.connect(replica), { lost: new Promise((resolve) => lose.push(resolve)) }),
    };
    await supervise(SERVER, engine).start();
    const [first] = await substrate.observe();
    lose[0]?.("it is stuck");
    await until(() => events.some(({ reason }) => reason === "it is stuck"));
    await until(() => supervisor.state === "ready" && supervisor.client !== undefined);
    const [second, ...others] = await substrate.observe();
    expect(others).toEqual([]);
    expect(second?.id).not.toBe(first?.id);
  });

  it("gives up a replica that keeps dying, says why, and leaves no process", async () => {
    await supervise(CRASHING).start();
    await until(() => supervisor.state === "failed");
    expect(supervisor.status()).toMatchObject({ state: "failed", reason: expect.stringMatching(/exit code 3.*\n?.*broken/), restarts: 4 });
    expect(supervisor.status().failuresInARow).toBe(5);
    expect(supervisor.client).toBeUndefined();
    expect(await substrate.observe()).toEqual([]);
  });

  it("begins anew when it is started after it was given up", async () => {
    await supervise(CRASHING).start();
    await until(() => supervisor.state === "failed");
    await supervisor.start();
    expect(supervisor.status()).toMatchObject({ state: "ready", failuresInARow: 0 });
  });

  it("tells why and when it starts again while it waits for that", async () => {
    await supervise(CRASHING).start();
    await until(() => supervisor.status().restartAt !== undefined);
    const { state, reason, restartAt = 0, since } = supervisor.status();
    expect({ state, reason }).toEqual({ state: "starting", reason: expect.stringContaining("exit code 3") });
    expect(restartAt).toBeGreaterThan(since);
  });

  it("leaves nothing behind when it is stopped, also in the middle of a start", async () => {
    const start = supervise(SILENT).start();
    await until(async () => (await substrate.observe()).length === 1);
    await Promise.all([expect(start).rejects.toThrow("being stopped"), supervisor.stop()]);
    expect(await substrate.observe()).toEqual([]);
  });
});
