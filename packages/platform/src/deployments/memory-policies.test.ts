import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LaunchPlan, MemoryBytes } from "../engine/engine.ts";
import { chooseBudget } from "./choose-budget.ts";
import { chooseEvictions, type LoadedModel } from "./choose-evictions.ts";
import { choosePlan } from "./choose-plan.ts";
import { isLackOfMemory } from "./lack-of-memory.ts";
import { fitsInto, totalMemory } from "./memory.ts";
import { planFor } from "./testing/small-replica.ts";

const ram = (ramBytes: number): MemoryBytes => ({ ramBytes, vramBytes: 0 });

describe("chooseBudget", () => {
  const gpu = { name: "X", index: 0, memoryBytes: 1_000, freeBytes: 950 };

  it("is half of the memory where there is no accelerator", () => {
    expect(chooseBudget({ cpuCores: 2, memoryBytes: 101, accelerators: [] })).toEqual({ ramBytes: 50, vramBytes: 0 });
  });

  it("adds what is free on each accelerator, up to nine tenths", () => {
    const hardware = { cpuCores: 2, memoryBytes: 100, accelerators: [gpu, { ...gpu, index: 1, freeBytes: 300 }] };
    expect(chooseBudget(hardware).vramBytes).toBe(900 + 300);
  });

  it("is what an operator sets, but never more than there is", () => {
    const hardware = { cpuCores: 2, memoryBytes: 100, accelerators: [gpu] };
    expect(chooseBudget(hardware, { ramBytes: 80, vramBytes: 0 })).toEqual({ ramBytes: 80, vramBytes: 0 });
    expect(chooseBudget(hardware, { ramBytes: 800, vramBytes: 8_000 })).toEqual({ ramBytes: 100, vramBytes: 1_000 });
  });
});

describe("choosePlan", () => {
  /** Weights of 2, and 1 for each of up to four slots. */
  const bySlots = (budget: MemoryBytes): LaunchPlan => {
    const slots = Math.max(1, Math.min(4, budget.ramBytes - 2));
    return planFor("", { slots, contextLength: budget.ramBytes < 3 ? 50 : 100, memory: ram(2 + slots) });
  };

  it.each([
    ["takes all it can use where that is free", 6, 4],
    ["takes fewer slots rather than somebody's place", 4, 2],
    ["asks for its full plan where a smaller one would cut its context", 2, 4],
  ])("%s", (_, free, slots) => {
    expect(choosePlan({ plan: bySlots, budget: ram(10), free: ram(free) }).slots).toBe(slots);
  });
});

describe("chooseEvictions", () => {
  const model = (id: string, change: Partial<LoadedModel> = {}): LoadedModel => ({
    id,
    ...ram(4),
    busy: false,
    pinned: false,
    lastUsedAt: 0,
    ...change,
  });

  it.each<[string, number, LoadedModel[], unknown]>([
    ["nobody where there is room", 2, [model("a"), model("b")], { kind: "fits", evict: [] }],
    [
      "the one that was not used for longest",
      4,
      [model("a", { lastUsedAt: 2 }), model("b", { lastUsedAt: 1 })],
      { kind: "fits", evict: ["b"] },
    ],
    ["as many as are needed", 9, [model("a", { lastUsedAt: 2 }), model("b", { lastUsedAt: 1 })], { kind: "fits", evict: ["b", "a"] }],
    ["nobody who is busy", 4, [model("a", { busy: true }), model("b", { lastUsedAt: 1 })], { kind: "fits", evict: ["b"] }],
    ["nobody while busy ones stand in the way", 9, [model("a", { busy: true }), model("b")], { kind: "wait" }],
    ["a pinned one last", 4, [model("a", { pinned: true }), model("b", { lastUsedAt: 9 })], { kind: "fits", evict: ["b"] }],
    ["a busy one rather than a pinned one, later", 4, [model("a", { pinned: true }), model("b", { busy: true })], { kind: "wait" }],
    ["a pinned one when nothing else helps", 9, [model("a", { pinned: true }), model("b")], { kind: "fits", evict: ["b", "a"] }],
  ])("chooses %s", (_, needed, loaded, expected) => {
    expect(chooseEvictions({ needed: ram(needed), budget: ram(10), loaded })).toEqual(expected);
  });

  it("leaves models alone that hold none of the memory that is short", () => {
    const loaded = [model("cpu"), model("gpu", { vramBytes: 5, lastUsedAt: 9 })];
    const budget = { ramBytes: 20, vramBytes: 8 };
    expect(chooseEvictions({ needed: { ramBytes: 1, vramBytes: 6 }, budget, loaded })).toEqual({ kind: "fits", evict: ["gpu"] });
  });

  it("says in numbers that a model does not fit even alone", () => {
    const decision = chooseEvictions({ needed: ram(3 * 1024 ** 3), budget: ram(2 * 1024 ** 3), loaded: [] });
    expect(decision).toEqual({ kind: "impossible", reason: "it needs 3.0 GiB of RAM; the memory budget is 2.0 GiB of RAM" });
  });

  describe("whatever is loaded", () => {
    const sizes = fc.record({ ramBytes: fc.nat(20), vramBytes: fc.nat(20) });
    const cases = fc.record({
      needed: sizes,
      budget: fc.record({ ramBytes: fc.nat(60), vramBytes: fc.nat(60) }),
      loaded: fc
        .array(fc.tuple(sizes, fc.boolean(), fc.boolean(), fc.nat(1_000)), { maxLength: 6 })
        .map((models) => models.map(([size, busy, pinned, lastUsedAt], index) => ({ id: `m${index}`, ...size, busy, pinned, lastUsedAt }))),
    });
    const without = (loaded: readonly LoadedModel[], gone: readonly string[]) => loaded.filter(({ id }) => !gone.includes(id));
    const eachFit = (
      check: (input: { needed: MemoryBytes; budget: MemoryBytes; loaded: readonly LoadedModel[] }, evict: readonly string[]) => void,
    ) =>
      fc.assert(
        fc.property(cases, (input) => {
          const decision = chooseEvictions(input);
          if (decision.kind === "fits") check(input, decision.evict);
        }),
        { numRuns: 500 },
      );

    it("never evicts a busy one", () => {
      eachFit(({ loaded }, evict) => expect(loaded.filter(({ id, busy }) => busy && evict.includes(id))).toEqual([]));
    });

    it("stays within the budget when it says that it fits", () => {
      eachFit(({ needed, budget, loaded }, evict) => expect(fitsInto(totalMemory([needed, ...without(loaded, evict)]), budget)).toBe(true));
    });

    it("evicts no more than needed: without its last one it would not fit", () => {
      eachFit(({ needed, budget, loaded }, evict) => {
        if (evict.length > 0) expect(fitsInto(totalMemory([needed, ...without(loaded, evict.slice(0, -1))]), budget)).toBe(false);
      });
    });

    it("evicts a beginning of the order in which they were used, pinned ones last", () => {
      eachFit(({ needed, budget, loaded }, evict) => {
        const used = totalMemory(loaded);
        const shortRam = needed.ramBytes + used.ramBytes > budget.ramBytes;
        const shortVram = needed.vramBytes + used.vramBytes > budget.vramBytes;
        const order = loaded
          .filter((model) => !model.busy && ((shortRam && model.ramBytes > 0) || (shortVram && model.vramBytes > 0)))
          .sort((one, other) => Number(one.pinned) - Number(other.pinned) || one.lastUsedAt - other.lastUsedAt);
        expect(evict).toEqual(order.slice(0, evict.length).map(({ id }) => id));
      });
    });

    it("evicts what holds too much of a kind of which the new one needs nothing", () => {
      const loaded = [
        { id: "m0", ramBytes: 1, vramBytes: 1, busy: false, pinned: false, lastUsedAt: 1 },
        { id: "m1", ramBytes: 0, vramBytes: 14, busy: false, pinned: false, lastUsedAt: 0 },
      ];
      const needed = { ramBytes: 1, vramBytes: 0 };
      expect(chooseEvictions({ needed, budget: { ramBytes: 1, vramBytes: 14 }, loaded })).toEqual({ kind: "fits", evict: ["m1", "m0"] });
    });

    it("says impossible exactly when it would not fit alone", () => {
      fc.assert(
        fc.property(cases, (input) => {
          // More may be loaded than the budget holds, when an estimate was too low: that is no reason to refuse.
          expect(chooseEvictions(input).kind === "impossible").toBe(!fitsInto(input.needed, input.budget));
        }),
      );
    });
  });
});

describe("isLackOfMemory", () => {
  it.each([
    "exit code 137",
    "exit code 1; its last lines:\nggml_backend_cuda_buffer_type_alloc_buffer: allocating 8192.00 MiB on device 0: cudaMalloc failed: out of memory",
    "exit code 1; its last lines:\nllama_model_load: error loading model: unable to allocate CUDA0 buffer",
    "exit code 1; its last lines:\nllama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache",
    "exit code 134; its last lines:\nterminate called after throwing an instance of 'std::bad_alloc'",
  ])("knows %j", (reason) => {
    expect(isLackOfMemory(reason)).toBe(true);
  });

  it.each(["exit code 1; its last lines:\nfailed to open GGUF file: No such file or directory", "exit code 1370", "it did not answer"])(
    "does not take %j for it",
    (reason) => {
      expect(isLackOfMemory(reason)).toBe(false);
    },
  );
});
