import type { MemoryBytes } from "../engine/engine.ts";
import type { Hardware } from "../hardware/hardware.ts";

/** What an operator may set instead of the defaults, in bytes. */
export interface BudgetSettings {
  readonly ramBytes?: number | undefined;
  readonly vramBytes?: number | undefined;
}

/** The rest of the machine's memory is for everybody else. */
const RAM_SHARE = 0.5;
/** The rest of an accelerator's memory is for its driver and for fragments. */
const VRAM_SHARE = 0.9;

/** What all loaded models together may take: half of the memory, and of each accelerator what is free, up to nine tenths. Never more than there is. */
export function chooseBudget({ memoryBytes, accelerators }: Hardware, settings: BudgetSettings = {}): MemoryBytes {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const vramBytes = sum(accelerators.map((gpu) => Math.min(gpu.freeBytes, Math.floor(gpu.memoryBytes * VRAM_SHARE))));
  return {
    ramBytes: Math.min(memoryBytes, settings.ramBytes ?? Math.floor(memoryBytes * RAM_SHARE)),
    vramBytes: Math.min(sum(accelerators.map((gpu) => gpu.memoryBytes)), settings.vramBytes ?? vramBytes),
  };
}
