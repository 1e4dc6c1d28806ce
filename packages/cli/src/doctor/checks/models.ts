import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { withTimeLimit } from "@bonfire/platform/engine/time-limit";
import { checkFile } from "@bonfire/platform/models/verified-file";
import { hasCode } from "@bonfire/platform/processes/error-code";
import { type Check, type Finding, failed, ok, warning } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { type ExpectedFile, type ModelOnDisk, manifestsDirectory, readModels } from "../needed-models.ts";
import { gigabytes } from "../quantities.ts";
import { bonfire, quote, setSetting } from "../shell.ts";

export const models: readonly Check<DoctorContext>[] = [
  { name: "manifests", question: "Can it be read which models are installed?", needs: ["cache"], run: checkManifests },
  { name: "preload", question: "Is every model that is loaded at start a known one?", needs: ["manifests"], run: checkPreload },
  { name: "model files", question: "Are the models' files what they must be?", needs: ["cache"], run: checkFiles },
];

/** Files without a note of their hash are hashed for so long; what is left over is hashed when it is loaded. */
const HASHING_MS = 6_000;

async function checkManifests(context: DoctorContext): Promise<Finding> {
  const { models, problems } = await readModels(context);
  if (problems.length === 0) return ok(`${models.filter(({ manifestPath }) => manifestPath !== undefined).length} can be read`);
  const directory = manifestsDirectory(context.config);
  const paths = (await readdir(directory)).map((name) => join(directory, name));
  const broken = paths.filter((path) => problems.some((problem) => problem.includes(path)));
  return failed(problems.join("\n"), {
    why: "Moves them away; `models pull` then installs these models again, with the files that are there.",
    command: broken.map((path) => `mv ${quote(path)} ${quote(`${path}.broken`)}`).join("\n"),
  });
}

async function checkPreload(context: DoctorContext): Promise<Finding> {
  const { preload } = context.config.models;
  const { models, unknown } = await readModels(context);
  const notInstalled = models.filter(({ manifestPath }) => manifestPath === undefined);
  const faults = [...unknown, ...(await Promise.all(notInstalled.map(ownFileFault))).flat()];
  if (faults.length > 0) {
    const kept = preload.filter((name) => faults.every((fault) => fault.name !== name));
    return failed(faults.map(({ reason }) => reason).join("\n"), {
      why: "Leaves these names out; `models list --available` shows what there is.",
      command: setSetting(context.config.settings.sources, "models.preload", kept.join(",") || "none"),
    });
  }
  const licensed = notInstalled.filter(({ licence }) => licence !== undefined);
  if (licensed.length > 0) {
    return failed(
      licensed.map(({ id, licence }) => `${id} needs your agreement to its licence, ${licence?.name}: ${licence?.url}`).join("\n"),
      {
        why: "Fetches it and says that you have read the licence and accept it.",
        command: licensed.map(({ reference }) => bonfire("models", "pull", reference, "--accept-licence")).join("\n"),
      },
    );
  }
  return ok(preload.join(", ") || "none is loaded at start");
}

/** A file of a person's own is fetched from nowhere. */
async function ownFileFault({ reference, files }: ModelOnDisk): Promise<{ readonly name: string; readonly reason: string }[]> {
  const own = files.filter(({ isOwn }) => isOwn);
  const there = await Promise.all(own.map(({ path }) => exists(path)));
  return own.filter((_, index) => there[index] !== true).map(({ path }) => ({ name: reference, reason: `${path} is not there` }));
}

interface ModelOnCheck {
  readonly model: ModelOnDisk;
  readonly files: readonly { readonly file: ExpectedFile; readonly state: FileState }[];
}

async function checkFiles(context: DoctorContext, signal: AbortSignal): Promise<Finding> {
  const { models } = await readModels(context);
  const inTime = withTimeLimit(signal, HASHING_MS);
  const looked = await Promise.all(models.map((model) => lookAt(model, inTime)));
  const [absent, present] = [looked.filter(isAbsent), looked.filter((model) => !isAbsent(model))];
  const damaged = present.filter(({ files }) => files.some(({ state }) => state in DAMAGES));
  if (damaged.length > 0) {
    const found = damaged.flatMap(({ model, files }) => describeDamage(model, files)).join("\n");
    const mend = {
      why: "Fetches damaged files again; what no longer lies where you put it is forgotten.",
      command: damaged.map(mendModel).join("\n"),
    };
    return damaged.some(({ model }) => model.preloaded) ? failed(found, mend) : warning(found, mend);
  }
  const bytes = present.reduce((sum, { model }) => sum + (model.sizeBytes ?? 0), 0);
  const notHashed = present.flatMap(({ files }) => files.filter(({ state }) => state === "not hashed")).length;
  return ok(
    [
      `${present.length} whole, ${gigabytes(bytes)}`,
      ...(absent.length > 0 ? [`the next start fetches ${absent.map(({ model }) => model.id).join(", ")}`] : []),
      ...(notHashed > 0 ? [`${notHashed} files are hashed when they are loaded`] : []),
    ].join("; "),
  );
}

type FileState = "verified" | "missing" | "different" | "not hashed";
const DAMAGES: Partial<Readonly<Record<FileState, string>>> = { missing: "is missing", different: "has another size or content" };

async function lookAt(model: ModelOnDisk, signal: AbortSignal): Promise<ModelOnCheck> {
  const files = await Promise.all(model.files.map(async (file) => ({ file, state: await stateOf(file, signal) })));
  return { model, files };
}

/** Not installed, and nothing of it is there. */
function isAbsent({ model, files }: ModelOnCheck): boolean {
  return model.manifestPath === undefined && files.every(({ state }) => state === "missing");
}

async function stateOf(file: ExpectedFile, signal: AbortSignal): Promise<FileState> {
  try {
    return await checkFile(file.path, file, { signal });
  } catch (error) {
    // The file is whole; that this may not be noted beside it is no harm.
    if (hasCode(error, "EACCES", "EROFS")) return "verified";
    if (signal.aborted) return "not hashed";
    throw error;
  }
}

function describeDamage(model: ModelOnDisk, files: ModelOnCheck["files"]): string[] {
  return files.flatMap(({ file, state }) => (state in DAMAGES ? [`${file.path} of ${model.id} ${DAMAGES[state]}`] : []));
}

function mendModel({ model, files }: ModelOnCheck): string {
  const damaged = files.filter(({ state }) => state in DAMAGES).map(({ file }) => file);
  if (model.manifestPath !== undefined && damaged.some(({ isOwn }) => isOwn)) return `rm -f ${quote(model.manifestPath)}`;
  return `rm -f ${damaged.map(({ path }) => quote(path)).join(" ")} && ${bonfire("models", "pull", model.reference)}`;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
