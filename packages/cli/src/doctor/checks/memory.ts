import { chooseBudget } from "@bonfire/platform/deployments/choose-budget";
import { findNvidiaAccelerators } from "@bonfire/platform/hardware/nvidia-smi";
import { type Check, type Finding, failed, ok, warning } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { type ModelOnDisk, readModels } from "../needed-models.ts";
import { gigabytes, mebibytes } from "../quantities.ts";
import { setSetting } from "../shell.ts";

export const memory: readonly Check<DoctorContext>[] = [
  { name: "memory", question: "Is there memory for the models that are loaded at start?", needs: ["manifests"], run: checkMemory },
];

/** The rest is for the system, the platform and its database. */
const MOST_OF_MACHINE = 0.75;
/** What the planner of replicas takes at least: one slot of a short context, and buffers. */
const LEAST_CONTEXT_TOKENS = 2_048;
const OVERHEAD_BYTES = 256 * 2 ** 20;

async function checkMemory(context: DoctorContext): Promise<Finding> {
  const { config, machine } = context;
  const models = (await readModels(context)).models.filter(({ preloaded }) => preloaded);
  if (models.length === 0) return ok("none is loaded at start");
  const needed = models.reduce((sum, model) => sum + leastMemory(model), 0);
  const accelerators = await findNvidiaAccelerators({ environment: config.childEnvironment, onProblem: () => undefined });
  const hardware = { cpuCores: 1, memoryBytes: machine.memoryBytes, accelerators };
  const { memoryBytes, gpuMemoryBytes } = config.models;
  const { ramBytes, vramBytes } = chooseBudget(hardware, { ramBytes: memoryBytes, vramBytes: gpuMemoryBytes });
  if (needed <= vramBytes) return ok(`${gigabytes(vramBytes)} of GPU memory for models, ${gigabytes(needed)} needed at least`);
  const { sources } = config.settings;
  if (needed > ramBytes) {
    const found = `${names(models)} need ${gigabytes(needed)}, all models together may take ${gigabytes(ramBytes)}`;
    if (needed <= machine.memoryBytes * MOST_OF_MACHINE) {
      return failed(found, { why: "Lets them take that much.", command: setSetting(sources, "models.memory", mebibytes(needed)) });
    }
    return failed(found, {
      why: "Loads none at start; `models list --available` shows what fits.",
      command: setSetting(sources, "models.preload", "none"),
    });
  }
  if ((await context.instance()).kind === "running") return ok(`${gigabytes(ramBytes)} for models, ${gigabytes(needed)} needed at least`);
  if (needed > machine.availableMemoryBytes) {
    return warning(`${names(models)} need ${gigabytes(needed)}, ${gigabytes(machine.availableMemoryBytes)} are free now`, {
      why: "Loads none at start, until other programs give memory back.",
      command: setSetting(sources, "models.preload", "none"),
    });
  }
  return ok(`${gigabytes(machine.availableMemoryBytes)} free, ${gigabytes(needed)} needed at least`);
}

/** Bytes with the shortest context; for a model that nobody knows yet, those of its buffers. */
function leastMemory({ sizeBytes, kvBytesPerToken }: ModelOnDisk): number {
  return (sizeBytes ?? 0) + LEAST_CONTEXT_TOKENS * (kvBytesPerToken ?? 0) + OVERHEAD_BYTES;
}

function names(models: readonly ModelOnDisk[]): string {
  return models.map(({ id }) => id).join(", ");
}
