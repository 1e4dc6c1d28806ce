import { join } from "node:path";
import { detectHardware } from "@bonfire/platform/hardware/detect-hardware";
import { describeInstalled, describeProgress } from "@bonfire/platform/local-models/describe-model";
import { toOperatorError } from "@bonfire/platform/local-models/model-failure";
import { createModelLibrary } from "@bonfire/platform/models/model-library";
import { createPythonTools } from "@bonfire/platform/processes/python-tools";
import { ApiError } from "@bonfire/protocol/errors";
import type { InstalledModel, PullEvent } from "@bonfire/protocol/installed-models";
import { CliError, RefusedError } from "../exit.ts";
import { readConfig } from "../home.ts";
import { printable, remark } from "../terminal-text.ts";

interface LocalPull {
  readonly acceptLicence: boolean;
  readonly signal: AbortSignal;
  readonly show: (event: PullEvent) => void;
}

/** Fetches a model in this process, for when no platform runs; the next one to start finds it. @throws CliError, or the signal's reason */
export async function pullHere(reference: string, { acceptLicence, signal, show }: LocalPull): Promise<InstalledModel> {
  const { cache, childEnvironment: environment, huggingFace } = readConfig();
  const { memoryBytes, accelerators } = await detectHardware({ environment });
  const library = createModelLibrary({
    directory: join(cache, "models"),
    huggingFace,
    python: createPythonTools({ cacheDirectory: cache, environment, onProgress: (text) => show({ type: "message", text }) }),
    machine: { memoryBytes, vramBytes: accelerators.reduce((sum, accelerator) => sum + accelerator.memoryBytes, 0) },
    onProblem: (problem) => remark(printable(problem)),
  });
  try {
    const model = await library.pull(reference, {
      signal,
      acceptLicence,
      onProgress: (progress) => {
        const event = describeProgress(progress);
        if (event !== undefined) show(event);
      },
    });
    // Whole, and nothing runs it yet.
    return { ...describeInstalled(model, undefined), state: "unloaded", reason: null };
  } catch (error) {
    signal.throwIfAborted();
    const told = toOperatorError(error);
    if (told instanceof ApiError) throw new RefusedError(told.message, told.code, error);
    throw new CliError(error instanceof Error ? error.message : String(error), undefined, error);
  }
}
