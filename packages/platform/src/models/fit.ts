import { CATALOG, type CatalogModel, familyOf } from "./catalog.ts";
import type { InstalledModel } from "./installed-model.ts";

/** Memory of the machine that will serve. */
export interface MachineMemory {
  readonly memoryBytes: number;
  /** Of all accelerators together, 0 without one. */
  readonly vramBytes: number;
}

/** The rest of the machine's memory is for everybody else; the planner of replicas keeps to the same half. */
const MEMORY_SHARE = 0.5;
/** The rest of an accelerator's memory is for its driver and for fragments. */
const VRAM_SHARE = 0.9;
/** A context that people can work with; the model's own may need many times the memory of its weights. */
const USEFUL_CONTEXT = 8_192;
const OVERHEAD_BYTES = 512 * 1024 * 1024;
/** Billions of parameters for each token beyond which a CPU answers slower than people read. */
const MAX_ACTIVE_ON_CPU = 15;

/** Bytes for the weights, a useful context and buffers, with the default quantization. */
export function memoryNeeded(model: CatalogModel): number {
  return downloadBytes(model) + Math.min(model.contextLength, USEFUL_CONTEXT) * model.kvBytesPerToken + OVERHEAD_BYTES;
}

/** Bytes of all files of the default quantization, approximate where the hub has the last word. */
export function downloadBytes({ weights }: CatalogModel): number {
  if ("sha256" in weights) return weights.sizeBytes;
  return (weights.quants[0]?.sizeBytes ?? 0) + (weights.projectorBytes ?? 0);
}

function fitsAccelerator(model: CatalogModel, { vramBytes }: MachineMemory): boolean {
  return memoryNeeded(model) <= vramBytes * VRAM_SHARE;
}

function fitsMemory(model: CatalogModel, { memoryBytes }: MachineMemory): boolean {
  return memoryNeeded(model) <= memoryBytes * MEMORY_SHARE;
}

/**
 * The largest variant of a family that fits the accelerator; without one, or when none fits it, the largest that fits half of the
 * machine's memory and is not too slow for a CPU. Undefined when none does, or when there is no such family.
 */
export function chooseVariant(family: string, machine: MachineMemory, models: readonly CatalogModel[] = CATALOG): CatalogModel | undefined {
  const variants = familyOf(family, models).toSorted((a, b) => b.parameters - a.parameters);
  return (
    variants.find((model) => fitsAccelerator(model, machine)) ??
    variants.find((model) => fitsMemory(model, machine) && (model.activeParameters ?? model.parameters) <= MAX_ACTIVE_ON_CPU)
  );
}

export interface CatalogLine {
  readonly model: CatalogModel;
  readonly downloadBytes: number;
  /** There is memory for it, on the accelerator or beside it; says nothing about speed. */
  readonly fits: boolean;
  /** In any quantization. */
  readonly installed: boolean;
}

/** The whole catalog, as this machine sees it. */
export function describeCatalog(machine: MachineMemory, installed: readonly InstalledModel[]): readonly CatalogLine[] {
  const ids = new Set(installed.map(({ id }) => id.replace(/:[^:/]+$/, "")));
  return CATALOG.map((model) => ({
    model,
    downloadBytes: downloadBytes(model),
    fits: fitsAccelerator(model, machine) || fitsMemory(model, machine),
    installed: ids.has(model.id),
  }));
}
