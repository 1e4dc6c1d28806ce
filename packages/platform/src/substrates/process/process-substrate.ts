import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type LaunchPlan, PLACEHOLDER, type ReplicaAddress } from "../../engine/engine.ts";
import type { ObservedReplica, ReplicaIdentity, Substrate } from "../../engine/substrate.ts";
import { type ProcessExit, type ShimmedProcess, startShimmed } from "../../processes/shimmed-process.ts";

interface ProcessSubstrateOptions {
  /** Private folder for sockets; short, because a socket's path has room for about 100 characters. */
  readonly socketDirectory: string;
  /** What every child inherits: search paths and locale, no secrets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onLine: (identity: ReplicaIdentity, line: string) => void;
}

interface Child {
  readonly identity: ReplicaIdentity;
  readonly address: ReplicaAddress;
  readonly process: ShimmedProcess;
  exit: ProcessExit | undefined;
}

/** When the platform dies, an engine has nothing to finish: it is ended almost at once. */
const ORPHAN_GRACE_MS = 500;
const QUOTED_LINES = 5;

/** Replicas as child processes of the platform, each on a unix socket of its own. */
export class ProcessSubstrate implements Substrate {
  readonly name = "process";
  readonly #options: ProcessSubstrateOptions;
  readonly #children = new Map<string, Child>();

  constructor(options: ProcessSubstrateOptions) {
    this.#options = options;
  }

  async start(plan: LaunchPlan, identity: ReplicaIdentity): Promise<ObservedReplica> {
    const { socketDirectory, environment, onLine } = this.#options;
    await mkdir(socketDirectory, { recursive: true, mode: 0o700 });
    const socketPath = join(socketDirectory, `${identity.id}.sock`);
    await rm(socketPath, { force: true });
    const fill = (text: string) => text.replaceAll(PLACEHOLDER.socketPath, socketPath).replaceAll(PLACEHOLDER.secret, identity.secret);
    const process = startShimmed(
      {
        command: plan.command,
        args: plan.args.map(fill),
        env: { ...environment, ...Object.fromEntries(Object.entries(plan.env).map(([name, value]) => [name, fill(value)])) },
        stopSignal: "SIGTERM",
        graceMs: ORPHAN_GRACE_MS,
      },
      (line) => onLine(identity, line),
    );
    const child: Child = { identity, address: { kind: "unix", socketPath }, process, exit: undefined };
    this.#children.set(identity.id, child);
    void process.exited.then(async (exit) => {
      child.exit = exit;
      await rm(socketPath, { force: true });
    });
    return describe(child);
  }

  async observe(): Promise<readonly ObservedReplica[]> {
    return [...this.#children.values()].map(describe);
  }

  async ended(id: string): Promise<ObservedReplica> {
    const child = this.#children.get(id);
    if (child === undefined) throw new Error(`No replica ${id} was started here.`);
    child.exit = await child.process.exited;
    return describe(child);
  }

  async stop(id: string, graceMs: number): Promise<void> {
    await this.#children.get(id)?.process.stop(graceMs);
    this.#children.delete(id);
  }
}

function describe({ identity, address, exit }: Child): ObservedReplica {
  const { id, model } = identity;
  if (exit === undefined) return { id, model, address, state: "running" };
  const output = exit.lastLines.slice(-QUOTED_LINES).join("\n");
  return { id, model, address, state: "exited", reason: `exit code ${exit.code}${output === "" ? "" : `; its last lines:\n${output}`}` };
}
