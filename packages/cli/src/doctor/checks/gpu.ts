import { findNvidiaAccelerators } from "@bonfire/platform/hardware/nvidia-smi";
import { runCommand } from "@bonfire/platform/processes/run-command";
import { type Check, type Finding, ok, skipped, warning } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { findEngine } from "../engine-place.ts";
import { setSetting } from "../shell.ts";

export const gpu: readonly Check<DoctorContext>[] = [
  { name: "gpu", question: "Can the engine use the GPUs that are there?", needs: ["engine"], run: checkGpu },
];

/** A line for each device that is no CPU. */
const DEVICES_OF_WHEEL = `import xllamacpp
for device in xllamacpp.get_device_info():
    if device["type"] != xllamacpp.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_CPU:
        print(f"  {device['name']}: {device['description']}")`;
/** As `llama-server --list-devices` prints them: two spaces, a name, a colon. */
const DEVICE_LINE = /^ {2}\S+: /;

async function checkGpu({ config }: DoctorContext, signal: AbortSignal): Promise<Finding> {
  if (config.models.gpuMemoryBytes === 0) return ok("models.gpu_memory keeps models off it");
  const withoutIt = {
    why: "Keeps models off the GPU, so that nobody counts on it. To use it, set engine.llama_server to a llama-server that was built for it.",
    command: setSetting(config.settings.sources, "models.gpu_memory", "0B"),
  };
  const problems: string[] = [];
  const accelerators = await findNvidiaAccelerators({ environment: config.childEnvironment, onProblem: (line) => problems.push(line) });
  if (problems.length > 0)
    return warning(`${problems.join("\n")}\nAfter an update of the driver a restart of the machine helps.`, withoutIt);
  if (accelerators.length === 0) return ok("there is none that its driver knows of");
  const names = accelerators.map(({ name }) => name);
  const place = await findEngine(config);
  if (place.kind === "missing") return skipped("the engine is not installed yet");
  const outputOf = async (command: string, args: readonly string[]) => {
    const lines: string[] = [];
    await runCommand({ command, args, environment: config.childEnvironment }, (line) => lines.push(line), signal);
    return lines;
  };
  const devices =
    place.kind === "wheel" ? await outputOf(place.interpreter, ["-c", DEVICES_OF_WHEEL]) : await outputOf(place.path, ["--list-devices"]);
  if (devices.some((line) => DEVICE_LINE.test(line))) return ok(names.join(", "));
  return warning(`${names.join(", ")} is there, but the engine computes on the CPU alone`, withoutIt);
}
