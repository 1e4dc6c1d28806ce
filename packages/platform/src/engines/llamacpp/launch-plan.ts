import { type LaunchPlan, PLACEHOLDER, type ReplicaSpec } from "../../engine/engine.ts";

const MIN_CONTEXT = 2_048;
const MAX_SLOTS = 4;
/** Part of the machine's memory that one replica may plan with; the rest is for everybody else. */
const MEMORY_SHARE = 0.5;
/** Compute buffers and the server itself, beside weights and KV cache. */
const OVERHEAD_BYTES = 256 * 1024 * 1024;
/** Prompt tokens that one turn of the engine takes: on a CPU this bounds how long running streams and an abort wait. */
const CPU_BATCH_TOKENS = 128;
/** HTTP threads beside those that streams occupy: health checks, templates and tokenizing must not queue behind them. */
const SPARE_HTTP_THREADS = 8;

/** How one llama.cpp server is started on a machine without an accelerator. Flags are `llama-server`'s own. */
export function planLaunch(spec: ReplicaSpec): LaunchPlan {
  const { slots, contextLength } = chooseSlots(spec);
  const threads = String(Math.max(1, spec.hardware.cpuCores));
  return {
    command: spec.runtime.command,
    args: [
      ...spec.runtime.leadingArgs,
      ...["--model", spec.weightsPath, "--alias", spec.model],
      ...["--host", PLACEHOLDER.socketPath],
      ...["--parallel", String(slots), "--ctx-size", String(slots * contextLength), "--no-kv-unified"],
      ...["--threads", threads, "--threads-batch", threads, "--threads-http", String(slots + SPARE_HTTP_THREADS)],
      ...["--batch-size", String(CPU_BATCH_TOKENS), "--ubatch-size", String(CPU_BATCH_TOKENS)],
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
    memoryBytes: spec.weightsBytes + slots * contextLength * spec.kvBytesPerToken + OVERHEAD_BYTES,
  };
}

/** As many slots as memory allows with the model's whole context; where not even one fits, a shorter context. */
export function chooseSlots(spec: Pick<ReplicaSpec, "weightsBytes" | "contextLength" | "kvBytesPerToken" | "hardware">): {
  slots: number;
  contextLength: number;
} {
  const forKvCache = spec.hardware.memoryBytes * MEMORY_SHARE - spec.weightsBytes - OVERHEAD_BYTES;
  const tokens = Math.max(0, Math.floor(forKvCache / spec.kvBytesPerToken));
  const slots = Math.min(MAX_SLOTS, Math.floor(tokens / spec.contextLength));
  if (slots >= 1) return { slots, contextLength: spec.contextLength };
  return { slots: 1, contextLength: Math.min(spec.contextLength, Math.max(MIN_CONTEXT, tokens)) };
}
