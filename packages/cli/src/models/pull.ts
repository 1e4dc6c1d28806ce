import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type InstalledModel, type PullEvent, pullEvent } from "@bonfire/protocol/installed-models";
import { streamAdmin } from "../admin-client.ts";
import { CliError, EXIT, RefusedError } from "../exit.ts";
import { untilInterrupted } from "../interrupt.ts";
import type { Connection } from "../platform-connection.ts";
import { BONFIRE } from "../program-name.ts";
import { print, printable, printJson, remark } from "../terminal-text.ts";
import { pullProgress } from "./pull-progress.ts";

interface PullOptions extends Connection {
  readonly acceptLicence?: boolean;
  readonly json?: boolean;
}

/** What a pull in progress is given. */
interface Pulling {
  readonly signal: AbortSignal;
  readonly show: (event: PullEvent) => void;
}

/** Lets the running platform fetch a model; without one on this machine, fetches it here. */
export async function pullModel(reference: string, options: PullOptions): Promise<void> {
  const again = `${BONFIRE} models pull ${reference}`;
  const progress = pullProgress(process.stderr);
  const pull = async (signal: AbortSignal) => {
    try {
      return await pullSomewhere(options.url === undefined ? absolutePath(reference) : reference, options, { signal, show: progress.show });
    } catch (error) {
      if (!(error instanceof RefusedError) || error.code !== "licence_not_accepted") throw error;
      throw new CliError(`${error.message}\nThen: ${again} --accept-licence`, undefined, error);
    } finally {
      progress.stop();
    }
  };
  const model = await untilInterrupted(pull, `Stopped. What has come is kept: ${again} goes on from there.`);
  if (options.json === true) printJson(model);
  else print(`${printable(model.id)} is installed. Try it: ${BONFIRE} chat ${printable(model.aliases[0] ?? model.id)}`);
}

async function pullSomewhere(reference: string, options: PullOptions, pulling: Pulling): Promise<InstalledModel> {
  try {
    return await pullThere(reference, options, pulling);
  } catch (error) {
    if (options.url !== undefined || !(error instanceof CliError) || error.exitCode !== EXIT.unreachable) throw error;
  }
  remark("No platform runs; the model is fetched by this program.");
  const { pullHere } = await import("./local-pull.ts");
  return pullHere(reference, { ...pulling, acceptLicence: options.acceptLicence === true });
}

async function pullThere(reference: string, options: PullOptions, { signal, show }: Pulling): Promise<InstalledModel> {
  const body = { model: reference, accept_licence: options.acceptLicence === true };
  for await (const event of streamAdmin({ method: "POST", path: "/models", body, event: pullEvent, signal }, options)) {
    if (event.type === "installed") return event.model;
    show(event);
  }
  throw new CliError("The platform ended the download without a word. What has come is kept; try again.");
}

/** The platform has another working directory than the shell: a file that is here is named by its whole path. */
function absolutePath(reference: string): string {
  return /\.gguf$/i.test(reference) && existsSync(reference) ? resolve(reference) : reference;
}
