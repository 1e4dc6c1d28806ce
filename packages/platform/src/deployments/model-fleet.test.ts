import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { ProcessSubstrate } from "../substrates/process/process-substrate.ts";
import type { FleetEvent, ModelStatus } from "./local-deployment.ts";
import { ModelFleet } from "./model-fleet.ts";
import type { ModelLease } from "./model-leases.ts";
import { ModelNotReadyError } from "./model-not-ready-error.ts";
import type { ModelState } from "./model-state.ts";
import { RESTART_POLICY } from "./restart-policy.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { CRASHING, planFor, SERVER, SILENT, smallModel } from "./testing/small-replica.ts";

/** Of a caller who stays. */
const staying = () => new AbortController().signal;

describe("ModelFleet", () => {
  let directory: string;
  let substrate: ProcessSubstrate;
  let fleet: ModelFleet;
  let clock: ManualClock;
  let events: FleetEvent[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "bf-"));
    substrate = new ProcessSubstrate({ socketDirectory: directory, environment: {}, onLine: () => undefined });
    clock = new ManualClock();
    events = [];
    fleet = new ModelFleet({
      budget: { ramBytes: 10, vramBytes: 0 },
      substrate,
      clock,
      restarts: { ...RESTART_POLICY, firstDelayMs: 20 },
      onEvent: (event) => events.push(event),
    });
  });
  afterEach(async () => {
    const stopped = fleet.stop(0);
    clock.advance(0);
    await stopped;
    await rm(directory, { recursive: true, force: true });
  });

  const statusOf = (id: string): ModelStatus => {
    const status = fleet.status().find((model) => model.id === id);
    if (status === undefined) throw new Error(`${id} is not in the fleet`);
    return status;
  };
  const toBe = (id: string, state: ModelState) => until(() => statusOf(id).state === state);
  const loadsOf = (id: string) => events.filter((event) => event.type === "loaded" && event.model === id).length;
  const acquire = (id: string, signal: AbortSignal = staying()) => fleet.acquire(id, signal);
  const pidOf = async (lease: ModelLease) => {
    const { models } = await lease.client.health(AbortSignal.timeout(5_000));
    return Number(models?.[0]?.id.replace("pid-", ""));
  };
  const alive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  describe("loading", () => {
    it("starts nothing before the first request", async () => {
      fleet.add(smallModel("a"));
      expect(statusOf("a").state).toBe("unloaded");
      expect(await substrate.observe()).toEqual([]);
    });

    it("loads a pinned model as soon as it is known", async () => {
      fleet.add(smallModel("a", { pinned: true }));
      await toBe("a", "ready");
    });

    it("loads once for twenty requests at once, and counts them all", async () => {
      fleet.add(smallModel("a"));
      const leases = await Promise.all(Array.from({ length: 20 }, () => acquire("a")));
      expect(new Set(await Promise.all(leases.map(pidOf))).size).toBe(1);
      expect(loadsOf("a")).toBe(1);
      expect(statusOf("a").leases).toBe(20);
      for (const lease of leases) lease.release();
      expect(statusOf("a").leases).toBe(0);
    });

    it("counts a lease that is released twice once", async () => {
      fleet.add(smallModel("a"));
      const [one] = await Promise.all([acquire("a"), acquire("a")]);
      one?.release();
      one?.release();
      expect(statusOf("a").leases).toBe(1);
    });

    it("goes on for the others when the caller who began it leaves", async () => {
      fleet.add(smallModel("a"));
      const hangUp = new AbortController();
      const first = acquire("a", hangUp.signal);
      const second = acquire("a");
      hangUp.abort(new Error("gone"));
      await expect(first).rejects.toThrow("gone");
      (await second).release();
      expect(loadsOf("a")).toBe(1);
    });

    it("goes on when everybody has left", async () => {
      fleet.add(smallModel("a"));
      const hangUp = new AbortController();
      const only = acquire("a", hangUp.signal);
      hangUp.abort(new Error("gone"));
      await expect(only).rejects.toThrow("gone");
      await toBe("a", "ready");
      expect(statusOf("a").leases).toBe(0);
    });

    it("lets a request wait for a minute and then fails it, while the load goes on", async () => {
      fleet.add(smallModel("a", { script: SILENT }));
      const request = acquire("a");
      clock.advance(60_000);
      await expect(request).rejects.toMatchObject({ name: "ModelNotReadyError", model: "a", state: "loading", retryAfterMs: undefined });
      expect(statusOf("a").state).toBe("loading");
    });

    it("estimates the rest of a load from the last one", async () => {
      fleet.add(smallModel("a"));
      const first = acquire("a");
      clock.advance(7_000);
      (await first).release();
      await fleet.unload("a");
      const second = expect(acquire("a")).rejects.toMatchObject({ retryAfterMs: 2_000 });
      clock.advance(5_000);
      fleet.stop(0).catch(() => undefined);
      await second;
    });

    it("refuses a model that is not deployed", async () => {
      await expect(acquire("nobody")).rejects.toBeInstanceOf(ModelNotReadyError);
    });
  });

  describe("failures", () => {
    it("fails all who wait with the last words of an engine that cannot run", async () => {
      fleet.add(smallModel("a", { script: "console.error('no such file'); process.exit(1)" }));
      const requests = await Promise.allSettled([acquire("a"), acquire("a")]);
      for (const request of requests) {
        expect(request).toMatchObject({ reason: { state: "failed", reason: expect.stringMatching(/exit code 1[\s\S]*no such file/) } });
      }
      expect(statusOf("a")).toMatchObject({ state: "failed", reason: expect.stringContaining("no such file") });
      expect(await substrate.observe()).toEqual([]);
    });

    it("shows clients nothing of what an engine said", async () => {
      fleet.add(smallModel("a", { script: "console.error('/secret/path'); process.exit(1)" }));
      await expect(acquire("a")).rejects.toThrow(/^a could not be loaded\.$/);
    });

    it("fails at once after a failure, and tries again for a request after the cool-down", async () => {
      fleet.add(smallModel("a", { script: "process.exit(1)" }));
      await expect(acquire("a")).rejects.toBeInstanceOf(ModelNotReadyError);
      const starts = () => events.filter((event) => event.type === "state" && event.to === "loading").length;
      clock.advance(20_000);
      await expect(acquire("a")).rejects.toMatchObject({ state: "failed", retryAfterMs: 40_000 });
      expect(starts()).toBe(1);
      clock.advance(40_000);
      await expect(acquire("a")).rejects.toMatchObject({ state: "failed" });
      expect(starts()).toBe(2);
    });

    it("tries again at once when it is asked to load", async () => {
      let script = "process.exit(1)";
      fleet.add({ ...smallModel("a"), plan: () => planFor(script) });
      await expect(acquire("a")).rejects.toBeInstanceOf(ModelNotReadyError);
      script = SERVER;
      await fleet.load("a", staying());
      expect(statusOf("a").state).toBe("ready");
    });

    it("fails requests at once while a crashed engine waits for its next start", async () => {
      fleet.add(smallModel("a", { script: CRASHING }));
      const lease = await acquire("a");
      await toBe("a", "restarting");
      await expect(acquire("a")).rejects.toMatchObject({ state: "restarting", reason: expect.stringContaining("exit code 3") });
      lease.release();
    });

    it("ends a crash loop in a clear state, without a process", async () => {
      fleet.add(smallModel("a", { script: CRASHING }));
      (await acquire("a")).release();
      await toBe("a", "failed");
      expect(statusOf("a").reason).toMatch(/exit code 3[\s\S]*broken/);
      expect(events.filter((event) => event.type === "restart")).toHaveLength(4);
      expect(await substrate.observe()).toEqual([]);
      expect(fleet.memory().used).toEqual({ ramBytes: 0, vramBytes: 0 });
    });

    it("starts an engine again that was killed while requests ran on it, and forgets none of their leases", async () => {
      fleet.add(smallModel("a"));
      const leases = await Promise.all([acquire("a"), acquire("a")]);
      const pid = await pidOf(leases[0]);
      process.kill(pid, "SIGKILL");
      await until(() => events.some((event) => event.type === "restart"));
      await expect(leases[0].client.health(AbortSignal.timeout(5_000))).rejects.toThrow();
      await toBe("a", "ready");
      const next = await acquire("a");
      expect(await pidOf(next)).not.toBe(pid);
      expect(statusOf("a")).toMatchObject({ leases: 3, restarts: 1 });
      for (const lease of [...leases, next]) lease.release();
      expect(statusOf("a").leases).toBe(0);
    });

    it("evicts all that is idle when a load dies for lack of memory, and tries once more", async () => {
      fleet.add(smallModel("idle"));
      (await acquire("idle")).release();
      const needsRoom = `
        const fs = require("fs"), [, directory] = process.argv;
        if (fs.readdirSync(require("path").dirname(directory)).filter((name) => name.endsWith(".sock")).length > 0) {
          console.error("cudaMalloc failed: out of memory"); process.exit(1);
        }`;
      fleet.add(smallModel("a", { script: `${needsRoom} ${SERVER}` }));
      (await acquire("a")).release();
      expect(statusOf("idle").state).toBe("unloaded");
      expect(events).toContainEqual({ type: "load-retried", model: "a", reason: expect.stringContaining("out of memory") });
    });

    it("does not try again for lack of memory when there is nobody to evict", async () => {
      fleet.add(smallModel("busy"));
      const lease = await acquire("busy");
      fleet.add(smallModel("a", { script: "console.error('std::bad_alloc'); process.exit(134)" }));
      await expect(acquire("a")).rejects.toMatchObject({ state: "failed", reason: expect.stringContaining("bad_alloc") });
      expect(statusOf("busy").state).toBe("ready");
      lease.release();
    });
  });

  describe("unloading", () => {
    it("unloads a model that was idle for its time, and loads it again for the next request", async () => {
      fleet.add(smallModel("a", { keepAliveMs: 5_000 }));
      const lease = await acquire("a");
      const pid = await pidOf(lease);
      clock.advance(60_000);
      expect(statusOf("a").state).toBe("ready");
      lease.release();
      clock.advance(4_999);
      expect(statusOf("a").state).toBe("ready");
      clock.advance(1);
      await toBe("a", "unloaded");
      expect(alive(pid)).toBe(false);
      (await acquire("a")).release();
      expect(loadsOf("a")).toBe(2);
    });

    it("begins the time of being idle anew with each request", async () => {
      fleet.add(smallModel("a", { keepAliveMs: 5_000 }));
      (await acquire("a")).release();
      clock.advance(4_000);
      (await acquire("a")).release();
      clock.advance(4_000);
      expect(statusOf("a").state).toBe("ready");
    });

    it("unloads at once after the last request where the time is nothing", async () => {
      fleet.add(smallModel("a", { keepAliveMs: 0 }));
      await fleet.load("a", staying());
      clock.advance(60_000);
      expect(statusOf("a").state).toBe("ready");
      const leases = await Promise.all([acquire("a"), acquire("a")]);
      leases[0].release();
      clock.advance(0);
      expect(statusOf("a").state).toBe("ready");
      leases[1].release();
      clock.advance(0);
      await toBe("a", "unloaded");
    });

    it("keeps pinned models, and those without a time", async () => {
      fleet.add(smallModel("pinned", { pinned: true, keepAliveMs: 1 }));
      fleet.add(smallModel("lasting"));
      for (const id of ["pinned", "lasting"]) (await acquire(id)).release();
      clock.advance(1_000_000_000);
      expect(fleet.status().map(({ state }) => state)).toEqual(["ready", "ready"]);
    });

    it("waits for running requests when it is asked to unload, and gives the memory back", async () => {
      fleet.add(smallModel("a", { ramBytes: 4 }));
      const lease = await acquire("a");
      const unloaded = fleet.unload("a");
      expect(statusOf("a").state).toBe("unloading");
      expect(await pidOf(lease)).toBeGreaterThan(0);
      expect(fleet.memory().used.ramBytes).toBe(4);
      lease.release();
      await unloaded;
      expect(fleet.memory().used.ramBytes).toBe(0);
      expect(await substrate.observe()).toEqual([]);
    });

    it("ends running requests when the grace is over", async () => {
      fleet.add(smallModel("a"));
      const lease = await acquire("a");
      const unloaded = fleet.unload("a", 1_000);
      clock.advance(1_000);
      await unloaded;
      expect(statusOf("a").state).toBe("unloaded");
      lease.release();
      expect(statusOf("a").leases).toBe(0);
    });

    it("ends a load that is under way, turns away who waited, and leaves no process", async () => {
      fleet.add(smallModel("a", { script: SILENT }));
      const request = expect(acquire("a")).rejects.toMatchObject({ reason: expect.stringContaining("unloaded by an operator") });
      await until(async () => (await substrate.observe()).length === 1);
      await fleet.unload("a");
      await request;
      expect(statusOf("a").state).toBe("unloaded");
      expect(await substrate.observe()).toEqual([]);
    });

    it("serves a request that comes during an unload by a new load", async () => {
      fleet.add(smallModel("a"));
      (await acquire("a")).release();
      const unloaded = fleet.unload("a");
      const request = acquire("a");
      await unloaded;
      (await request).release();
      expect(loadsOf("a")).toBe(2);
    });

    it("forgets a model that is removed, once its process is gone", async () => {
      fleet.add(smallModel("a"));
      (await acquire("a")).release();
      const removed = fleet.remove("a");
      await expect(acquire("a")).rejects.toBeInstanceOf(ModelNotReadyError);
      await removed;
      expect(fleet.status()).toEqual([]);
      expect(await substrate.observe()).toEqual([]);
      fleet.add(smallModel("a"));
    });
  });

  describe("a budget for one of two models", () => {
    beforeEach(() => {
      fleet.add(smallModel("a", { ramBytes: 6 }));
      fleet.add(smallModel("b", { ramBytes: 6 }));
    });
    /** As long as a load took, which by this clock is no time at all, plus the patience of who waits. */
    const patience = 15_000;

    it("serves requests that alternate, one model at a time", async () => {
      for (const id of ["a", "b", "a", "b"]) {
        const lease = await acquire(id);
        expect(fleet.memory().used.ramBytes).toBe(6);
        lease.release();
      }
      expect([loadsOf("a"), loadsOf("b")]).toEqual([2, 2]);
      expect(events.filter((event) => event.type === "evicted")).toHaveLength(3);
    });

    it("serves all who wait for one model by one load", async () => {
      const requests = ["a", "b", "a", "b", "a", "b"].map(async (id) => (await acquire(id)).release());
      await Promise.all(requests);
      expect([loadsOf("a"), loadsOf("b")]).toEqual([1, 1]);
    });

    it("never unloads a busy model: the other one waits, and says for what", async () => {
      const a = await acquire("a");
      const b = acquire("b");
      await toBe("b", "queued");
      expect(statusOf("b").reason).toBe("it waits for memory that a hold");
      (await acquire("a")).release();
      expect(statusOf("a").state).toBe("ready");
      a.release();
      (await b).release();
      expect(statusOf("a").state).toBe("unloaded");
    });

    it("lets new requests for the loaded one wait once the other's patience has ended", async () => {
      const a = await acquire("a");
      const b = acquire("b");
      clock.advance(patience);
      let served = false;
      const late = acquire("a").then((lease) => {
        served = true;
        return lease;
      });
      await until(() => statusOf("a").waiting === 1);
      expect(served).toBe(false);
      a.release();
      (await b).release();
      (await late).release();
      expect([loadsOf("a"), loadsOf("b")]).toEqual([2, 1]);
    });

    it("fails who waited too long for a model that stays busy", async () => {
      const a = await acquire("a");
      const b = acquire("b");
      clock.advance(60_000);
      await expect(b).rejects.toMatchObject({ state: "queued", reason: expect.stringContaining("memory") });
      a.release();
      await toBe("b", "ready");
    });

    it("takes an idle model's place at once, but not before that one has served as long as its load took", async () => {
      const first = acquire("a");
      clock.advance(4_000);
      (await first).release();
      const b = acquire("b");
      expect([statusOf("a").state, statusOf("b").state]).toEqual(["ready", "queued"]);
      clock.advance(4_000);
      (await b).release();
    });

    it("lets a small model pass into memory that is free", async () => {
      fleet.add(smallModel("small", { ramBytes: 2 }));
      const a = await acquire("a");
      const b = acquire("b");
      (await acquire("small")).release();
      expect(statusOf("b").state).toBe("queued");
      a.release();
      (await b).release();
    });
  });

  it("refuses a model that does not fit into the budget even alone", async () => {
    fleet.add(smallModel("a", { ramBytes: 11 }));
    await expect(acquire("a")).rejects.toMatchObject({ state: "failed", reason: expect.stringContaining("budget") });
  });

  it("evicts a pinned model only when nothing else helps", async () => {
    fleet.add(smallModel("pinned", { ramBytes: 4, pinned: true }));
    fleet.add(smallModel("other", { ramBytes: 4 }));
    await toBe("pinned", "ready");
    (await acquire("other")).release();
    fleet.add(smallModel("middle", { ramBytes: 6 }));
    (await acquire("middle")).release();
    expect([statusOf("pinned").state, statusOf("other").state]).toEqual(["ready", "unloaded"]);
    fleet.add(smallModel("large", { ramBytes: 10 }));
    (await acquire("large")).release();
    expect(statusOf("pinned").state).toBe("unloaded");
  });

  describe("stopping", () => {
    it("leaves nothing behind: ready, loading and queued models, and those who wait", async () => {
      fleet.add(smallModel("ready", { ramBytes: 5 }));
      (await acquire("ready")).release();
      fleet.add(smallModel("loading", { ramBytes: 5, script: SILENT }));
      const waiting = acquire("loading");
      await until(async () => (await substrate.observe()).length === 2);
      const lease = await acquire("ready");
      fleet.add(smallModel("queued", { ramBytes: 9 }));
      const queued = acquire("queued");
      const outcomes = Promise.allSettled([waiting, queued]);
      const stopped = fleet.stop(500);
      clock.advance(500);
      await stopped;
      expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
      expect(fleet.status().map(({ state }) => state)).toEqual(["unloaded", "unloaded", "unloaded"]);
      expect(await substrate.observe()).toEqual([]);
      lease.release();
      await expect(acquire("ready")).rejects.toBeInstanceOf(ModelNotReadyError);
    });
  });
});
