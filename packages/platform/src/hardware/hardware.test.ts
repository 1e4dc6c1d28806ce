import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseCfsQuota, parseCpuMax, parseMemberships } from "./cpu-quota.ts";
import { detectHardware, usableCores, usableMemory } from "./detect-hardware.ts";
import { parseNvidiaSmi } from "./nvidia-smi.ts";

const MIB = 1024 * 1024;

describe("parseNvidiaSmi", () => {
  it("reads one GPU from each line", () => {
    expect(parseNvidiaSmi(["0, NVIDIA H200, 143771, 143153", "1, NVIDIA GeForce RTX 4090, 24564, 18202"])).toEqual([
      { index: 0, name: "NVIDIA H200", memoryBytes: 143_771 * MIB, freeBytes: 143_153 * MIB },
      { index: 1, name: "NVIDIA GeForce RTX 4090", memoryBytes: 24_564 * MIB, freeBytes: 18_202 * MIB },
    ]);
  });

  it.each([
    ["no devices", "No devices were found"],
    ["a GPU that shares the machine's memory", "0, NVIDIA GB10, [N/A], [N/A]"],
    ["a tool that is older than the question", "0, Tesla K80, [Not Supported], 11441"],
    ["a warning", "WARNING: infoROM is corrupted at gpu 0000:3B:00.0"],
    ["an empty line", ""],
  ])("leaves out %s", (_, line) => {
    expect(parseNvidiaSmi([line])).toEqual([]);
  });

  it("keeps a comma that belongs to the name", () => {
    expect(parseNvidiaSmi(["0, Quadro, Special Edition, 1000, 900"])[0]?.name).toBe("Quadro, Special Edition");
  });

  it("never says that more is free than there is, whatever is printed", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.string(), (total, free, noise) => {
        for (const gpu of parseNvidiaSmi([`0, X, ${total}, ${free}`, noise])) expect(gpu.freeBytes).toBeLessThanOrEqual(gpu.memoryBytes);
      }),
    );
  });
});

describe("the limits of control groups", () => {
  it.each([
    ["max 100000\n", undefined],
    ["150000 100000\n", 1.5],
    ["", undefined],
    ["nonsense", undefined],
  ])("cpu.max %j is %s cores", (text, cores) => {
    expect(parseCpuMax(text)).toBe(cores);
  });

  it.each([
    ["-1\n", "100000\n", undefined],
    ["200000\n", "100000\n", 2],
    ["", "", undefined],
  ])("a quota of %j in a period of %j is %s cores", (quota, period, cores) => {
    expect(parseCfsQuota(quota, period)).toBe(cores);
  });

  it("finds both versions' groups of a process", () => {
    const text = "5:memory:/a\n1:cpu,cpuacct:/docker/abc\n0::/user.slice/session.scope\n";
    expect(parseMemberships(text)).toEqual({ unified: "/user.slice/session.scope", cpu: "/docker/abc" });
    expect(parseMemberships("")).toEqual({ unified: undefined, cpu: undefined });
  });

  it("leave whole cores, and never less than one", () => {
    expect([usableCores(8, undefined), usableCores(8, 2.5), usableCores(8, 0.5), usableCores(2, 64)]).toEqual([8, 2, 1, 2]);
  });

  it("count for memory where they are lower than what there is", () => {
    expect([usableMemory(100, 0), usableMemory(100, 40), usableMemory(100, 2 ** 64)]).toEqual([100, 40, 100]);
  });
});

describe("detectHardware", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "bf-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const tool = async (script: string) => {
    const path = join(folder, "nvidia-smi");
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
  };
  const detect = async () => {
    const problems: string[] = [];
    const hardware = await detectHardware({ environment: { PATH: folder }, onProblem: (line) => problems.push(line) });
    return { ...hardware, problems };
  };

  it("finds no accelerator where there is no tool to ask, and no more than the machine has", async () => {
    const { cpuCores, memoryBytes, accelerators, problems } = await detect();
    expect({ accelerators, problems }).toEqual({ accelerators: [], problems: [] });
    expect(cpuCores).toBeGreaterThanOrEqual(1);
    expect(cpuCores).toBeLessThanOrEqual(availableParallelism());
    expect(memoryBytes).toBeGreaterThan(64 * MIB);
    expect(memoryBytes).toBeLessThanOrEqual(totalmem());
  });

  it("asks the tool on the PATH that it is given", async () => {
    await tool("echo '0, NVIDIA L4, 23034, 22491'");
    expect((await detect()).accelerators).toEqual([{ index: 0, name: "NVIDIA L4", memoryBytes: 23_034 * MIB, freeBytes: 22_491 * MIB }]);
  });

  it("goes on without a GPU when the driver does not answer, and says so", async () => {
    await tool("echo 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.'; exit 9");
    const { accelerators, problems } = await detect();
    expect(accelerators).toEqual([]);
    expect(problems).toEqual([expect.stringContaining("could not communicate with the NVIDIA driver")]);
  });
});
