import { type LaunchPlan, type MemoryBytes, PLACEHOLDER, type ReplicaSpec } from "../../engine/engine.ts";

const MIB = 1024 * 1024;
const MIN_CONTEXT = 2_048;
/** A context that is worth having all of the model on the accelerator for, where the model's whole one does not fit beside it. */
const COMFORTABLE_CONTEXT = 8_192;
const MAX_SLOTS = 4;
/** An accelerator computes many streams in nearly the time of one. */
const MAX_GPU_SLOTS = 16;
/** Compute buffers and the server itself, beside weights and KV cache. */
const OVERHEAD_BYTES = 256 * MIB;
/** What the driver, its kernels and compute buffers take on an accelerator before the first layer. */
const GPU_OVERHEAD_BYTES = 1024 * MIB;
/** Prompt tokens that one turn of the engine takes: on a CPU this bounds how long running streams and an abort wait. */
const CPU_BATCH_TOKENS = 128;
/** What the server's own defaults are, made for accelerators. Layers left on the CPU make a turn slower, so it is shorter. */
const GPU_BATCH_TOKENS = { whole: { batch: 2_048, ubatch: 512 }, part: { batch: 512, ubatch: 512 } } as const;
/** HTTP threads beside those that streams occupy: health checks, templates and tokenizing must not queue behind them. */
const SPARE_HTTP_THREADS = 8;

type Weights = Pick<ReplicaSpec, "weightsBytes" | "contextLength" | "kvBytesPerToken">;

interface Placement {
  readonly slots: number;
  /** Tokens for each slot. */
  readonly contextLength: number;
  readonly gpuLayers: number;
}

/** How one llama.cpp server is started. Flags are `llama-server`'s own; how layers are split over several accelerators is left to it. */
export function planLaunch(spec: ReplicaSpec): LaunchPlan {
  const placement = choosePlacement(spec);
  const { slots, contextLength, gpuLayers } = placement;
  const threads = String(Math.max(1, spec.cpuCores));
  return {
    command: spec.runtime.command,
    args: [
      ...spec.runtime.leadingArgs,
      ...["--model", spec.weightsPath, "--alias", spec.model],
      ...["--host", PLACEHOLDER.socketPath],
      ...["--parallel", String(slots), "--ctx-size", String(slots * contextLength), "--no-kv-unified"],
      ...["--threads", threads, "--threads-batch", threads, "--threads-http", String(slots + SPARE_HTTP_THREADS)],
      ...computeArguments(spec, gpuLayers),
      // Its cache in RAM can hand one conversation's state to another, and ignores adapters.
      ...["--cache-ram", "0"],
      ...["--slots", "--jinja", "--no-webui"],
    ],
    env: {
      LLAMA_API_KEY: PLACEHOLDER.secret,
      // OpenMP's threads spin at every barrier; on cores that others use too, the default costs up to four fifths of the speed.
      GOMP_SPINCOUNT: "300",
    },
    slots,
    contextLength,
    gpuLayers,
    weightsBytes: spec.weightsBytes,
    memory: memoryOf(spec, placement),
  };
}

function computeArguments({ projectorPath, layers, budget }: ReplicaSpec, gpuLayers: number): string[] {
  const whole = gpuLayers > layers;
  const accelerated = budget.vramBytes > 0;
  const { batch, ubatch } =
    gpuLayers === 0 ? { batch: CPU_BATCH_TOKENS, ubatch: CPU_BATCH_TOKENS } : whole ? GPU_BATCH_TOKENS.whole : GPU_BATCH_TOKENS.part;
  return [
    ...["--batch-size", String(batch), "--ubatch-size", String(ubatch)],
    ...(accelerated ? ["--n-gpu-layers", String(gpuLayers)] : []),
    ...(projectorPath === undefined ? [] : ["--mmproj", projectorPath]),
    // It goes to an accelerator by default, where nothing was planned for it.
    ...(accelerated && !whole && projectorPath !== undefined ? ["--no-mmproj-offload"] : []),
  ];
}

/**
 * Everything on the accelerators where the whole model fits with a context of use; else as many layers as fit, with slots and context from
 * both memories; else the CPU alone.
 */
function choosePlacement(spec: ReplicaSpec): Placement {
  const { ramBytes, vramBytes } = spec.budget;
  const slotsWithin = (memoryBytes: number, mostSlots: number) =>
    chooseSlots({ ...spec, memoryBytes, overheadBytes: GPU_OVERHEAD_BYTES, mostSlots });
  // Slots beyond the usual number may take half of the memory: the rest is for a second model.
  const many = slotsWithin(vramBytes / 2, MAX_GPU_SLOTS);
  const onGpu = many.slots > MAX_SLOTS ? many : slotsWithin(vramBytes, MAX_SLOTS);
  if (onGpu.contextLength >= Math.min(spec.contextLength, COMFORTABLE_CONTEXT)) {
    const whole = withOffload(spec, onGpu);
    if (whole.gpuLayers > spec.layers && memoryOf(spec, whole).ramBytes <= ramBytes) return whole;
  }
  const onCpu = chooseSlots({ ...spec, memoryBytes: ramBytes });
  if (vramBytes <= GPU_OVERHEAD_BYTES) return { ...onCpu, gpuLayers: 0 };
  const split = chooseSlots({ ...spec, memoryBytes: ramBytes + vramBytes - GPU_OVERHEAD_BYTES });
  const shapes = [
    ...[4, 3, 2].filter((slots) => slots <= split.slots).map((slots) => ({ ...split, slots })),
    ...[1, 0.75, 0.5, 0.25].map((part) => ({ slots: 1, contextLength: Math.max(MIN_CONTEXT, Math.floor(split.contextLength * part)) })),
  ].map((shape) => withOffload(spec, shape));
  return shapes.find((shape) => memoryOf(spec, shape).ramBytes <= ramBytes) ?? withOffload(spec, onCpu);
}

function withOffload(spec: ReplicaSpec, shape: { slots: number; contextLength: number }): Placement {
  return { ...shape, gpuLayers: chooseLayersToOffload({ ...spec, ...shape, vramBudgetBytes: spec.budget.vramBytes }) };
}

/** As many slots as memory allows with the model's whole context; where not even one fits, a shorter context. */
export function chooseSlots({
  weightsBytes,
  contextLength,
  kvBytesPerToken,
  memoryBytes,
  overheadBytes = OVERHEAD_BYTES,
  mostSlots = MAX_SLOTS,
}: Weights & { readonly memoryBytes: number; readonly overheadBytes?: number; readonly mostSlots?: number }): {
  slots: number;
  contextLength: number;
} {
  const tokens = Math.max(0, Math.floor((memoryBytes - weightsBytes - overheadBytes) / kvBytesPerToken));
  const slots = Math.min(mostSlots, Math.floor(tokens / contextLength));
  if (slots >= 1) return { slots, contextLength };
  return { slots: 1, contextLength: Math.min(contextLength, Math.max(MIN_CONTEXT, tokens)) };
}

interface Offload extends Weights {
  readonly layers: number;
  readonly slots: number;
  readonly vramBudgetBytes: number;
}

/**
 * How many layers the accelerators can hold: 0, or 1 to `layers` of the repeating ones, or `layers + 1` for everything with the output layer.
 * A layer brings its part of the KV cache along. Layers are taken to be of one size, which is an estimate on the safe side where the
 * embeddings are large, since those of the input stay in RAM.
 */
export function chooseLayersToOffload(offload: Offload): number {
  for (let count = offload.layers + 1; count > 0; count--) {
    if (offloadedBytes(offload, count) <= offload.vramBudgetBytes) return count;
  }
  return 0;
}

/** Bytes that so many layers take on the accelerators. */
export function offloadedBytes(
  { weightsBytes, layers, kvBytesPerToken, slots, contextLength }: Weights & Omit<Offload, "vramBudgetBytes">,
  count: number,
): number {
  if (count === 0) return 0;
  const kvBytes = slots * contextLength * kvBytesPerToken;
  return Math.ceil(GPU_OVERHEAD_BYTES + (weightsBytes * count) / (layers + 1) + (kvBytes * Math.min(count, layers)) / Math.max(1, layers));
}

function memoryOf(spec: ReplicaSpec, { slots, contextLength, gpuLayers }: Placement): MemoryBytes {
  const vramBytes = offloadedBytes({ ...spec, slots, contextLength }, gpuLayers);
  const onGpu = gpuLayers === 0 ? 0 : vramBytes - GPU_OVERHEAD_BYTES;
  return { ramBytes: Math.max(0, spec.weightsBytes + slots * contextLength * spec.kvBytesPerToken - onGpu) + OVERHEAD_BYTES, vramBytes };
}
