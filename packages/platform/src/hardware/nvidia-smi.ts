import { findOnPath } from "../processes/executable.ts";
import { runCommand } from "../processes/run-command.ts";
import type { Accelerator } from "./hardware.ts";

interface NvidiaOptions {
  /** The whole environment of the program; its PATH says where it is looked for. */
  readonly environment: Readonly<Record<string, string>>;
  /** Gets one line when the driver is there and cannot be asked. */
  readonly onProblem: (line: string) => void;
}

const MIB = 1024 * 1024;
/** A driver that hangs must not hold up the start. */
const TIMEOUT_MS = 15_000;
const ARGS = ["--query-gpu=index,name,memory.total,memory.free", "--format=csv,noheader,nounits"];

/** The NVIDIA GPUs that the driver's own tool names; none where there is no such tool. Never throws: without an answer the CPU serves. */
export async function findNvidiaAccelerators({ environment, onProblem }: NvidiaOptions): Promise<readonly Accelerator[]> {
  const [command] = await findOnPath("nvidia-smi", environment);
  if (command === undefined) return [];
  const lines: string[] = [];
  try {
    await runCommand({ command, args: ARGS, environment }, (line) => lines.push(line), AbortSignal.timeout(TIMEOUT_MS));
  } catch (error) {
    onProblem(`nvidia-smi is there but gives no answer, so no GPU is used: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
  return parseNvidiaSmi(lines);
}

/**
 * Lines such as `0, NVIDIA H100 80GB HBM3, 81559, 81008`: index, name, total and free MiB. Warnings that the tool prints between them, and
 * GPUs without memory of their own (`[N/A]`, `[Not Supported]`), are left out.
 */
export function parseNvidiaSmi(lines: readonly string[]): readonly Accelerator[] {
  return lines.flatMap((line) => {
    const [, index, name, total, free] = /^\s*(\d+)\s*,\s*(.+?)\s*,\s*(\d+)\s*,\s*(\d+)\s*$/.exec(line) ?? [];
    if (index === undefined || name === undefined || total === undefined || free === undefined) return [];
    return [{ name, index: Number(index), memoryBytes: Number(total) * MIB, freeBytes: Math.min(Number(free), Number(total)) * MIB }];
  });
}
