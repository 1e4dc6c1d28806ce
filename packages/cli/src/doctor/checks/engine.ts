import { stat } from "node:fs/promises";
import { reasonOf } from "@bonfire/platform/models/artifact-error";
import { findOnPath, isExecutable } from "@bonfire/platform/processes/executable";
import { findPython } from "@bonfire/platform/processes/find-python";
import { runCommand } from "@bonfire/platform/processes/run-command";
import { type Check, type Finding, failed, ok } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { type EnginePlace, findEngine } from "../engine-place.ts";
import { modelsToFetch } from "../needed-models.ts";
import { asRoot, quote, unsetSetting } from "../shell.ts";

export const engine: readonly Check<DoctorContext>[] = [
  { name: "python", question: "Is there a Python that can install the engine?", run: checkPython },
  { name: "engine", question: "Does the engine run?", run: checkEngine },
];

async function checkPython(context: DoctorContext, signal: AbortSignal): Promise<Finding> {
  const { config, machine } = context;
  const { kind } = await findEngine(config);
  const fromIndex = (await modelsToFetch(context)).filter(({ places }) => places.has("wheel"));
  if (kind !== "missing" && fromIndex.length === 0) return ok("not needed: the engine is there");
  try {
    const { command, version } = await findPython(config.childEnvironment, signal);
    return ok(`Python ${version} at ${command}`);
  } catch (error) {
    return failed(reasonOf(error), {
      why: "Installs a Python that can make virtual environments. A llama-server of your own needs none: set engine.llama_server.",
      command: await installPython(config.childEnvironment, machine),
    });
  }
}

/** Package managers, in the order in which they are looked for, and what each is told. */
const PACKAGE_MANAGERS = [
  { program: "apt-get", command: "apt-get install -y python3 python3-venv", needsRoot: true },
  { program: "dnf", command: "dnf install -y python3", needsRoot: true },
  { program: "apk", command: "apk add python3", needsRoot: true },
  { program: "brew", command: "brew install python", needsRoot: false },
] as const;

async function installPython(environment: Readonly<Record<string, string>>, machine: DoctorContext["machine"]): Promise<string> {
  for (const { program, command, needsRoot } of PACKAGE_MANAGERS) {
    if ((await findOnPath(program, environment)).length > 0) return needsRoot ? asRoot(machine, command) : command;
  }
  return machine.platform === "darwin" ? "xcode-select --install" : asRoot(machine, "apt-get install -y python3 python3-venv");
}

async function checkEngine({ config, machine }: DoctorContext, signal: AbortSignal): Promise<Finding> {
  const place = await findEngine(config);
  if (place.kind === "missing") return ok("it is installed at the first start");
  const lines: string[] = [];
  const run = (command: string, args: readonly string[]) =>
    runCommand({ command, args, environment: config.childEnvironment }, (line) => lines.push(line), signal);
  try {
    if (place.kind === "wheel") {
      await run(place.interpreter, ["-c", "import xllamacpp"]);
      return ok(`llama.cpp's server, in ${place.folder}`);
    }
    if (!(await isExecutable(place.path))) throw new Error("it is no file that can be executed");
    await run(place.path, ["--version"]);
    return ok(`${place.path}, ${lines.find((line) => line.startsWith("version")) ?? "which runs"}`);
  } catch (error) {
    signal.throwIfAborted();
    return failed(
      `${place.kind === "wheel" ? place.interpreter : place.path} does not run: ${reasonOf(error)}`,
      await mendEngine(place, { config, machine }),
    );
  }
}

async function mendEngine(
  place: Exclude<EnginePlace, { kind: "missing" }>,
  { config, machine }: Pick<DoctorContext, "config" | "machine">,
) {
  if (place.kind === "wheel") {
    return { why: "Removes it; the next start installs it anew.", command: `rm -rf ${quote(place.folder)}` };
  }
  if (place.kind === "on-path") {
    const command = `mv ${quote(place.path)} ${quote(`${place.path}.broken`)}`;
    return {
      why: "Moves it away: Bonfire then uses an engine that it installs itself.",
      command: (await isWritable(place.path, machine)) ? command : asRoot(machine, command),
    };
  }
  return {
    why: "Without that setting Bonfire uses an engine that it installs itself.",
    command: unsetSetting(config.settings.sources, "engine.llama_server"),
  };
}

async function isWritable(path: string, { uid }: DoctorContext["machine"]): Promise<boolean> {
  return uid === 0 || (await stat(path).catch(() => undefined))?.uid === uid;
}
