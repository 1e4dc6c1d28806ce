import { readFile } from "node:fs/promises";
import { requestFollowing, withConnections } from "@bonfire/platform/egress/download-http";
import { withTimeLimit } from "@bonfire/platform/engine/time-limit";
import { reasonOf } from "@bonfire/platform/models/artifact-error";
import { findPython } from "@bonfire/platform/processes/find-python";
import { requirementsFile } from "@bonfire/platform/processes/python-environment";
import { runCommand } from "@bonfire/platform/processes/run-command";
import { type Check, type Finding, failed, ok, warning } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { findEngine } from "../engine-place.ts";
import { modelsToFetch } from "../needed-models.ts";
import { setSetting } from "../shell.ts";

export const network: readonly Check<DoctorContext>[] = [
  { name: "network", question: "Can what is still missing be fetched?", needs: ["cache"], run: checkNetwork },
];

const ANSWER_MS = 3_000;

/** The two kinds of places that hold what is fetched; undefined where it can be reached, otherwise why not. */
interface Faults {
  readonly huggingface: string | undefined;
  readonly wheel: string | undefined;
}

async function checkNetwork(context: DoctorContext, signal: AbortSignal): Promise<Finding> {
  const { config } = context;
  const [huggingface, wheel, missing] = await Promise.all([hubFault(context, signal), indexFault(context, signal), whatIsMissing(context)]);
  const faults: Faults = { huggingface, wheel };
  const unreachable = [huggingface, wheel].filter((fault) => fault !== undefined);
  const blocked = missing.filter(({ places }) => places.every((place) => faults[place] !== undefined));
  if (blocked.length > 0) {
    return failed(`${blocked.map(({ name }) => name).join(" and ")} must be fetched, but ${unreachable.join("; ")}`, {
      why: "Starts without models, until the way there is open: check the network, the proxy and hugging_face.endpoint.",
      command: setSetting(config.settings.sources, "models.preload", "none"),
    });
  }
  if (unreachable.length > 0) return warning(`${unreachable.join("; ")}; the start needs nothing from there`);
  return ok("models and engines can be fetched");
}

/** What the next start fetches, and the kinds of places that have it. */
async function whatIsMissing(context: DoctorContext): Promise<{ name: string; places: (keyof Faults)[] }[]> {
  const { config } = context;
  if (config.models.preload.length === 0) return [];
  const models = (await modelsToFetch(context)).map(({ id, places }) => ({
    name: id,
    places: [...places].filter((place) => place !== "url"),
  }));
  const { kind } = await findEngine(config);
  const fromElsewhere = models.filter(({ places }) => places.length > 0);
  return kind === "missing" ? [{ name: "the engine", places: ["wheel"] }, ...fromElsewhere] : fromElsewhere;
}

/** Any answer will do: it is there. */
async function hubFault({ config }: DoctorContext, signal: AbortSignal): Promise<string | undefined> {
  const { endpoint, proxy } = config.huggingFace;
  try {
    await withConnections(async (dispatcher) => {
      const inTime = withTimeLimit(signal, ANSWER_MS);
      const { body } = await requestFollowing({ url: endpoint, method: "HEAD", signal: inTime, dispatcher });
      await body.dump();
    }, proxy);
    return undefined;
  } catch (error) {
    return `the model hub ${new URL(endpoint).origin} cannot be reached: ${reasonOf(error)}`;
  }
}

/** Asks as the installation would, with the user's own settings of pip. */
async function indexFault({ config }: DoctorContext, signal: AbortSignal): Promise<string | undefined> {
  const environment = config.childEnvironment;
  const python = await findPython(environment, signal).catch(() => undefined);
  if (python === undefined) return "the Python package index cannot be asked without a Python";
  // Without a pip nothing can be asked before the environment is made that brings one.
  if (!python.hasPip) return undefined;
  const [name = ""] = /^[\w-]+(?===)/m.exec(await readFile(requirementsFile("llamacpp"), "utf8")) ?? [];
  const lines: string[] = [];
  const args = ["-m", "pip", "index", "versions", name, "--no-input", "--disable-pip-version-check", "--timeout", "3", "--retries", "0"];
  try {
    await runCommand({ command: python.command, args, environment }, (line) => lines.push(line), signal);
    return undefined;
  } catch {
    signal.throwIfAborted();
    const reason = lines.findLast((line) => line.startsWith("ERROR")) ?? "pip gives no reason";
    return `the Python package index does not offer ${name}: ${reason}`;
  }
}
