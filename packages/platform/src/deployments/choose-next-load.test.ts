import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MemoryBytes } from "../engine/engine.ts";
import { chooseNextLoad, type QueuedModel, type ResidentModel } from "./choose-next-load.ts";
import { fitsInto, totalMemory } from "./memory.ts";

const ram = (ramBytes: number): MemoryBytes => ({ ramBytes, vramBytes: 0 });
const queued = (id: string, ramBytes: number, queuedAt = 0): QueuedModel => ({ id, needed: ram(ramBytes), queuedAt });
const resident = (id: string, ramBytes: number, change: Partial<ResidentModel> = {}): ResidentModel => ({
  id,
  ...ram(ramBytes),
  busy: false,
  pinned: false,
  lastUsedAt: 0,
  closed: false,
  leaving: false,
  staysUntil: 0,
  ...change,
});
const decide = (queue: QueuedModel[], loaded: ResidentModel[], now = 100) =>
  chooseNextLoad({ now, budget: ram(10), queue, resident: loaded, patienceMs: 1_000 });

describe("chooseNextLoad", () => {
  it("has nothing to do without a queue", () => {
    expect(decide([], [resident("a", 6)])).toEqual({ kind: "none" });
  });

  it("loads into memory that is free, the oldest first", () => {
    expect(decide([queued("b", 4, 5), queued("a", 4, 3)], [resident("c", 2)])).toEqual({ kind: "load", id: "a" });
  });

  it("evicts the idle for the first in the queue", () => {
    expect(decide([queued("b", 6)], [resident("a", 6)])).toEqual({ kind: "evict", id: "b", evict: ["a"] });
  });

  it("waits for memory that is on its way instead of evicting more", () => {
    expect(decide([queued("b", 6)], [resident("a", 6, { leaving: true }), resident("c", 4)])).toEqual({ kind: "wait", id: "b", close: [] });
  });

  it("leaves a busy one open while there is patience, and looks again when it ends", () => {
    expect(decide([queued("b", 6)], [resident("a", 6, { busy: true })])).toEqual({ kind: "wait", id: "b", close: [], lookAgainAt: 1_000 });
  });

  it("leaves an idle one its time after its load, while there is patience", () => {
    const loaded = [resident("a", 6, { staysUntil: 400 })];
    expect(decide([queued("b", 6)], loaded)).toEqual({ kind: "wait", id: "b", close: [], lookAgainAt: 400 });
    expect(decide([queued("b", 6)], loaded, 400)).toMatchObject({ kind: "evict" });
    expect(decide([queued("b", 6)], [resident("a", 6, { staysUntil: 9_000 })], 1_000)).toMatchObject({ kind: "evict" });
  });

  it("lets one pass that fits beside, while there is patience", () => {
    const queue = [queued("b", 6), queued("small", 3, 50)];
    expect(decide(queue, [resident("a", 6, { busy: true })])).toEqual({ kind: "load", id: "small" });
    expect(decide(queue, [resident("a", 6, { busy: true })], 1_000)).toEqual({ kind: "wait", id: "b", close: ["a"] });
  });

  it("closes those that stand in the way once patience has ended, idle ones too, so that they stay idle", () => {
    const loaded = [resident("a", 4, { busy: true, lastUsedAt: 1 }), resident("c", 4, { lastUsedAt: 2 })];
    expect(decide([queued("b", 9)], loaded, 1_000)).toEqual({ kind: "wait", id: "b", close: ["a", "c"] });
  });

  it("stays with those that it has closed while others become less used than they are", () => {
    const loaded = [resident("a", 5, { busy: true, closed: true, lastUsedAt: 900 }), resident("c", 5, { busy: true, lastUsedAt: 800 })];
    expect(decide([queued("b", 5)], loaded, 1_000)).toEqual({ kind: "wait", id: "b", close: ["a"] });
  });

  it("refuses what does not fit even alone", () => {
    expect(decide([queued("b", 11)], [])).toMatchObject({ kind: "refuse", id: "b" });
  });

  it("ends every queue once requests end: each model gets its turn, within the budget, whatever is loaded", () => {
    const models = fc.array(fc.record({ size: fc.integer({ min: 1, max: 10 }), loaded: fc.boolean(), busy: fc.boolean() }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(models, (all) => {
        let loaded = all.flatMap(({ size, loaded, busy }, index) =>
          loaded ? [resident(`m${index}`, size, { busy, lastUsedAt: index })] : [],
        );
        while (totalMemory(loaded).ramBytes > 10) loaded = loaded.slice(1);
        let queue = all.flatMap(({ size, loaded }, index) => (loaded ? [] : [queued(`m${index}`, size, index)]));
        for (let now = 0, steps = 0; queue.length > 0; steps++) {
          expect(steps).toBeLessThan(100);
          const step = decide(queue, loaded, now);
          if (step.kind === "wait") {
            // Requests of the closed ones end; nobody else's do.
            loaded = loaded.map((model) => (step.close.includes(model.id) ? { ...model, busy: false, closed: true } : model));
            now = step.lookAgainAt ?? now;
          } else if (step.kind === "evict") {
            expect(loaded.filter(({ id, busy }) => busy && step.evict.includes(id))).toEqual([]);
            loaded = loaded.filter(({ id }) => !step.evict.includes(id));
          } else if (step.kind === "load") {
            const { needed } = queue.find(({ id }) => id === step.id) ?? queued("", 0);
            loaded = [...loaded, resident(step.id, needed.ramBytes, { busy: true, lastUsedAt: now, staysUntil: now + 5_000 })];
            queue = queue.filter(({ id }) => id !== step.id);
            expect(fitsInto(totalMemory(loaded), ram(10))).toBe(true);
          }
        }
      }),
    );
  });
});
