import { describe, expect, it } from "vitest";
import { PLACEHOLDER, type ReplicaSpec } from "../../engine/engine.ts";
import { chooseSlots, planLaunch } from "./launch-plan.ts";
import { sliceEnds } from "./prompt-slices.ts";

const MIB = 1024 * 1024;
const SPEC: ReplicaSpec = {
  model: "org/model",
  weightsPath: "/models/m.gguf",
  weightsBytes: 100 * MIB,
  contextLength: 8_192,
  kvBytesPerToken: 23_040,
  hardware: { cpuCores: 2, memoryBytes: 24 * 1024 * MIB },
  runtime: { command: "python3", leadingArgs: ["launcher.py"] },
};

describe("chooseSlots", () => {
  it.each([
    ["plenty of memory: four slots", 24 * 1024, { slots: 4, contextLength: 8_192 }],
    ["memory for two of them", 1_600, { slots: 2, contextLength: 8_192 }],
    ["not enough for one: a shorter context", 900, { slots: 1, contextLength: 4_278 }],
    ["hardly any: the least that is of use", 100, { slots: 1, contextLength: 2_048 }],
  ])("%s", (_, memoryMib, expected) => {
    expect(chooseSlots({ ...SPEC, hardware: { cpuCores: 2, memoryBytes: memoryMib * MIB } })).toEqual(expected);
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
});

describe("sliceEnds", () => {
  it.each([
    ["a short prompt is not sliced", 200, 0, []],
    ["one slice exactly is not sliced", 256, 0, []],
    ["a long one is, all but its last slice", 700, 0, [256, 512]],
    ["what is cached is not fed again", 700, 300, [556]],
    ["nor is anything when all is cached", 700, 700, []],
  ])("%s", (_, length, cached, ends) => {
    expect(sliceEnds(length, cached)).toEqual(ends);
  });
});
