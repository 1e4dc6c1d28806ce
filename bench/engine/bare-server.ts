import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "../processes/child.ts";
import { descendants, environmentOf } from "../processes/proc.ts";
import { until } from "../processes/until.ts";
import { socketAnswersOk } from "./socket-answers-ok.ts";

/** How the platform has started its engine: the plan as the kernel knows it, whatever code made it. */
export interface EngineLaunch {
  readonly pid: number;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface BareServer {
  readonly pid: number;
  readonly socketPath: string;
  readonly apiKey: string;
  stop(): Promise<void>;
}

const START_PATIENCE_MS = 120_000;

/** The engine's process under a running platform. @throws when there is not exactly one. */
export function findEngine(platformPid: number): EngineLaunch {
  const engines = descendants(platformPid).filter(({ command }) => command.includes("--model") && command.includes("--host"));
  const [engine] = engines;
  if (engine === undefined || engines.length > 1) throw new Error(`The platform runs ${engines.length} engines; one was expected.`);
  return { ...engine, env: environmentOf(engine.pid) };
}

/** Starts the same program once more without the platform: same flags, same environment, its own socket and key. */
export async function startBareServer(launch: EngineLaunch): Promise<BareServer> {
  const folder = mkdtempSync(join(tmpdir(), "bonfire-bench-"));
  const socketPath = join(folder, "bare.sock");
  const apiKey = randomBytes(32).toString("hex");
  const [command = "", ...args] = withFlag(launch.command, "--host", socketPath);
  const child = startChild({ command, args, env: { ...launch.env, LLAMA_API_KEY: apiKey } });
  const stop = async () => {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until("The start of the bare server", async () => child.hasEnded() || (await socketAnswersOk(socketPath, "/health")), {
      patienceMs: START_PATIENCE_MS,
      everyMs: 100,
    });
    if (child.hasEnded()) throw new Error(`The bare server ended instead of starting:\n${child.lastLines()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid, socketPath, apiKey, stop };
}

function withFlag(command: readonly string[], flag: string, value: string): string[] {
  const at = command.indexOf(flag);
  return command.map((part, index) => (index === at + 1 ? value : part));
}
