import { until } from "../packages/platform/src/engine/testing/until.ts";
import { type BonfireOptions, type BonfireProcess, startBonfire } from "./bonfire-process.ts";

/** `bonfire up`, ready for requests. */
export interface RunningPlatform extends BonfireProcess {
  /** As it was printed: ends with `/v1`. */
  readonly baseUrl: string;
  /** Asks it to stop, and waits until it is gone. @returns the exit code. @throws when it does not end. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

/** The first start of a cold cache fetches the engine and the model. */
const START_PATIENCE_MS = 300_000;
const STOP_PATIENCE_MS = 15_000;

/** Starts the built platform on a free port and waits until it answers. @throws when it ends before that. */
export async function startPlatformProcess({ home, env = {} }: BonfireOptions): Promise<RunningPlatform> {
  const bonfire = startBonfire(["up"], { home, env: { BONFIRE_PORT: "0", ...env } });
  await until(() => bonfire.exitCode() !== undefined || printedBaseUrl(bonfire) !== undefined, START_PATIENCE_MS);
  const baseUrl = printedBaseUrl(bonfire);
  if (baseUrl === undefined)
    throw new Error(`The platform ended with code ${bonfire.exitCode()} instead of starting:\n${bonfire.stderr()}`);
  await until(async () => (await fetch(new URL("/ready", baseUrl))).ok);
  return {
    ...bonfire,
    baseUrl,
    stop: async (signal = "SIGINT") => {
      bonfire.kill(signal);
      await until(() => bonfire.exitCode() !== undefined, STOP_PATIENCE_MS);
      return bonfire.exited;
    },
  };
}

function printedBaseUrl(bonfire: BonfireProcess): string | undefined {
  return /^Base URL +(\S+)$/m.exec(bonfire.stdout())?.[1];
}
