import type { MemoryBytes } from "../engine/engine.ts";

const GIB = 1024 ** 3;

export function totalMemory(parts: readonly MemoryBytes[]): MemoryBytes {
  return {
    ramBytes: parts.reduce((sum, { ramBytes }) => sum + ramBytes, 0),
    vramBytes: parts.reduce((sum, { vramBytes }) => sum + vramBytes, 0),
  };
}

/** What is left; never less than nothing. */
export function remainingMemory(budget: MemoryBytes, used: MemoryBytes): MemoryBytes {
  return { ramBytes: Math.max(0, budget.ramBytes - used.ramBytes), vramBytes: Math.max(0, budget.vramBytes - used.vramBytes) };
}

export function fitsInto(needed: MemoryBytes, available: MemoryBytes): boolean {
  return needed.ramBytes <= available.ramBytes && needed.vramBytes <= available.vramBytes;
}

/** `3.2 GiB of RAM and 5.0 GiB of GPU memory`. */
export function describeMemory({ ramBytes, vramBytes }: MemoryBytes): string {
  const ram = `${(ramBytes / GIB).toFixed(1)} GiB of RAM`;
  return vramBytes === 0 ? ram : `${ram} and ${(vramBytes / GIB).toFixed(1)} GiB of GPU memory`;
}
