import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PLACEHOLDER, type ReplicaSpec } from "../../engine/engine.ts";
import { chooseLayersToOffload, chooseSlots, offloadedBytes, planLaunch } from "./launch-plan.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const SPEC: ReplicaSpec = {
  model: "org/model",
  weightsPath: "/models/m.gguf",
  weightsBytes: 100 * MIB,
  layers: 30,
  contextLength: 8_192,
  kvBytesPerToken: 23_040,
  cpuCores: 2,
  budget: { ramBytes: 12 * GIB, vramBytes: 0 },
  runtime: { command: "python3", leadingArgs: ["launcher.py"] },
};
/** Llama 3.1 8B at Q4_K_M. */
const EIGHT_B = { weightsBytes: 4_920 * MIB, layers: 32, contextLength: 131_072, kvBytesPerToken: 131_072 };

const argumentsOf = (spec: Partial<ReplicaSpec>) => {
  const plan = planLaunch({ ...SPEC, ...spec });
  return { plan, valueAfter: (flag: string) => plan.args[plan.args.indexOf(flag) + 1] };
};

describe("chooseSlots", () => {
  it.each([
    ["plenty of memory: four slots", 12 * 1024, { slots: 4, contextLength: 8_192 }],
    ["memory for two of them", 800, { slots: 2, contextLength: 8_192 }],
    ["not enough for one: a shorter context", 450, { slots: 1, contextLength: 4_278 }],
    ["hardly any: the least that is of use", 50, { slots: 1, contextLength: 2_048 }],
  ])("%s", (_, memoryMib, expected) => {
    expect(chooseSlots({ ...SPEC, memoryBytes: memoryMib * MIB })).toEqual(expected);
  });
});

describe("planLaunch", () => {
  const plan = planLaunch(SPEC);
  const argumentOf = (flag: string) => plan.args[plan.args.indexOf(flag) + 1];

  it("gives every slot the whole context", () => {
    expect(Number(argumentOf("--ctx-size"))).toBe(plan.slots * plan.contextLength);
  });

  it("keeps HTTP threads free beside those that streams occupy", () => {
    expect(Number(argumentOf("--threads-http"))).toBeGreaterThan(plan.slots);
  });

  it("bounds a turn of the engine, turns the RAM prompt cache off and lets threads spin only briefly", () => {
    expect(Number(argumentOf("--batch-size"))).toBeLessThanOrEqual(128);
    expect(Number(argumentOf("--ubatch-size"))).toBeLessThanOrEqual(128);
    expect(argumentOf("--cache-ram")).toBe("0");
    expect(plan.env.GOMP_SPINCOUNT).toBe("300");
  });

  it("hands the key over in the environment and the address as a placeholder", () => {
    expect(plan.args.join(" ")).not.toContain(PLACEHOLDER.secret);
    expect(plan.env.LLAMA_API_KEY).toBe(PLACEHOLDER.secret);
    expect(argumentOf("--host")).toBe(PLACEHOLDER.socketPath);
  });

  it("plans nothing for accelerators where there are none", () => {
    expect(plan.args.filter((argument) => /gpu|offload|mmproj/.test(argument))).toEqual([]);
    expect({ gpuLayers: plan.gpuLayers, vramBytes: plan.memory.vramBytes }).toEqual({ gpuLayers: 0, vramBytes: 0 });
  });

  it("counts weights, KV cache and the server itself as memory", () => {
    expect(plan.memory.ramBytes).toBe(100 * MIB + 4 * 8_192 * 23_040 + 256 * MIB);
  });

  it("opens a projector where the model has one", () => {
    const { plan, valueAfter } = argumentsOf({ projectorPath: "/models/mmproj.gguf" });
    expect(valueAfter("--mmproj")).toBe("/models/mmproj.gguf");
    expect(plan.args).not.toContain("--no-mmproj-offload");
  });

  it("puts the whole model on an accelerator that holds it, with longer turns", () => {
    const { plan, valueAfter } = argumentsOf({
      ...EIGHT_B,
      projectorPath: "/p.gguf",
      budget: { ramBytes: 32 * GIB, vramBytes: 126 * GIB },
    });
    expect(valueAfter("--n-gpu-layers")).toBe("33");
    expect([valueAfter("--batch-size"), valueAfter("--ubatch-size")]).toEqual(["2048", "512"]);
    expect(plan).toMatchObject({ slots: 4, contextLength: 131_072, gpuLayers: 33 });
    expect(plan.memory.ramBytes).toBeLessThan(GIB);
    expect(plan.args).not.toContain("--no-mmproj-offload");
  });

  it("gives a model more slots where they take less than half of an accelerator", () => {
    expect(argumentsOf({ budget: { ramBytes: 32 * GIB, vramBytes: 21 * GIB } }).plan).toMatchObject({ slots: 16, contextLength: 8_192 });
  });

  it("prefers a shorter context on the accelerator to the whole one on the CPU", () => {
    const { plan } = argumentsOf({ ...EIGHT_B, budget: { ramBytes: 64 * GIB, vramBytes: 14 * GIB } });
    expect(plan).toMatchObject({ slots: 1, gpuLayers: 33 });
    expect(plan.contextLength).toBeGreaterThan(60_000);
    expect(plan.contextLength).toBeLessThan(131_072);
  });

  it("gives a small accelerator as many layers as it holds, and keeps the projector off it", () => {
    const { plan, valueAfter } = argumentsOf({ ...EIGHT_B, projectorPath: "/p.gguf", budget: { ramBytes: 64 * GIB, vramBytes: 4 * GIB } });
    expect(plan.gpuLayers).toBeGreaterThan(0);
    expect(plan.gpuLayers).toBeLessThan(32);
    expect(valueAfter("--ubatch-size")).toBe("512");
    expect(plan.args).toContain("--no-mmproj-offload");
  });

  it("keeps all layers off an accelerator that holds none: the server would take what it likes", () => {
    expect(argumentsOf({ budget: { ramBytes: 12 * GIB, vramBytes: 512 * MIB } }).valueAfter("--n-gpu-layers")).toBe("0");
  });

  it("stays within both budgets whenever the smallest plan does", () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 200 }), fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 5 }), (ram, vram, size) => {
        const budget = { ramBytes: ram * GIB, vramBytes: vram * GIB };
        const { memory, gpuLayers, slots, contextLength } = planLaunch({ ...SPEC, ...EIGHT_B, weightsBytes: size * GIB, budget });
        expect(memory.ramBytes).toBeLessThanOrEqual(budget.ramBytes);
        expect(memory.vramBytes).toBeLessThanOrEqual(budget.vramBytes);
        expect(gpuLayers).toBeLessThanOrEqual(33);
        expect(slots).toBeGreaterThanOrEqual(1);
        expect(contextLength).toBeGreaterThanOrEqual(2_048);
      }),
    );
  });
});

describe("chooseLayersToOffload", () => {
  const offloads = fc.record({
    weightsBytes: fc.integer({ min: 1, max: 400 * 1024 }).map((mib) => mib * MIB),
    layers: fc.integer({ min: 1, max: 130 }),
    kvBytesPerToken: fc.integer({ min: 0, max: 1_000_000 }),
    slots: fc.integer({ min: 1, max: 16 }),
    contextLength: fc.integer({ min: 2_048, max: 262_144 }),
  });
  const budgets = fc.integer({ min: 0, max: 800 * 1024 }).map((mib) => mib * MIB);

  it("never takes more than its budget, and one layer more would", () => {
    fc.assert(
      fc.property(offloads, budgets, (offload, vramBudgetBytes) => {
        const count = chooseLayersToOffload({ ...offload, vramBudgetBytes });
        expect(offloadedBytes(offload, count)).toBeLessThanOrEqual(vramBudgetBytes);
        expect(count).toBeLessThanOrEqual(offload.layers + 1);
        if (count <= offload.layers) expect(offloadedBytes(offload, count + 1)).toBeGreaterThan(vramBudgetBytes);
      }),
    );
  });

  it("never takes fewer layers for a larger budget", () => {
    fc.assert(
      fc.property(offloads, budgets, budgets, (offload, one, other) => {
        const [smaller, larger] = [one, other].sort((a, b) => a - b);
        const layersFor = (vramBudgetBytes = 0) => chooseLayersToOffload({ ...offload, vramBudgetBytes });
        expect(layersFor(larger)).toBeGreaterThanOrEqual(layersFor(smaller));
      }),
    );
  });
});
