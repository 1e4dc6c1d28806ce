import { availableParallelism, totalmem } from "node:os";
import { readCpuQuota } from "./cpu-quota.ts";
import type { Hardware } from "./hardware.ts";
import { findNvidiaAccelerators } from "./nvidia-smi.ts";

interface DetectOptions {
  /** Of the tools that are asked: PATH above all. */
  readonly environment: Readonly<Record<string, string>>;
  /** Gets a line for an operator when something is there that cannot be used. */
  readonly onProblem?: (line: string) => void;
}

/** Cores, memory and NVIDIA GPUs that this process may use: the machine's, or what its container leaves it. GPUs of other makers are not looked for. */
export async function detectHardware({ environment, onProblem = () => undefined }: DetectOptions): Promise<Hardware> {
  const [quota, accelerators] = await Promise.all([readCpuQuota(), findNvidiaAccelerators({ environment, onProblem })]);
  return {
    cpuCores: usableCores(availableParallelism(), quota),
    memoryBytes: usableMemory(totalmem(), process.constrainedMemory()),
    accelerators,
  };
}

/** @param quota cores' worth of time; a fraction above a whole core does not keep one more thread busy. */
export function usableCores(cores: number, quota: number | undefined): number {
  return Math.max(1, quota === undefined ? cores : Math.min(cores, Math.floor(quota)));
}

/** @param limit bytes of the control group; 0, or more than there is, where it sets none. */
export function usableMemory(total: number, limit: number): number {
  return limit > 0 ? Math.min(total, limit) : total;
}
