import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Child, freePort, startChild } from "./child.ts";
import { answersOk, until } from "./until.ts";

/** Seen from `bench/dist/processes/`. */
const BONFIRE = fileURLToPath(new URL("../../../packages/cli/bin/bonfire.js", import.meta.url));

/** `bonfire up`, as a user runs it. */
export interface Bonfire extends Child {
  readonly port: number;
  readonly apiKey: string;
  /** Milliseconds from the start of the process until `/ready` answered 200. */
  readonly readyAfterMs: number;
}

interface BonfireOptions {
  /** Settings on top of the user's environment. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Kept by the caller; otherwise a new one, which is removed in the end. */
  readonly home?: string;
  /** Of the platform's process, such as those that write a profile. */
  readonly nodeArguments?: readonly string[];
}

/** The first start of a cold cache fetches the engine and the model. */
const START_PATIENCE_MS = 600_000;

export async function startBonfire({ settings = {}, home, nodeArguments = [] }: BonfireOptions): Promise<Bonfire> {
  const [folder, port, apiKey] = [home ?? mkdtempSync(join(tmpdir(), "bonfire-bench-")), await freePort(), randomBytes(32).toString("hex")];
  const own = { BONFIRE_HOME: folder, BONFIRE_PORT: String(port), BONFIRE_BOOTSTRAP_KEY: apiKey };
  const startedAt = performance.now();
  const child = startChild({
    command: process.execPath,
    args: [...nodeArguments, BONFIRE, "up"],
    env: { ...usersEnvironment(), ...own, ...settings },
  });
  const stop = async () => {
    await child.stop("SIGINT");
    if (home === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until("The start of Bonfire", async () => child.hasEnded() || (await answersOk(`http://127.0.0.1:${port}/ready`)), {
      patienceMs: START_PATIENCE_MS,
    });
    if (child.hasEnded()) throw new Error(`Bonfire ended instead of starting:\n${child.lastLines()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...child, port, apiKey, readyAfterMs: performance.now() - startedAt, stop };
}

const KEPT = new Set(["BONFIRE_CACHE", "BONFIRE_LLAMA_SERVER"]);

/** Where downloads lie is the user's choice; everything else is measured as it is by default. */
function usersEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => KEPT.has(name) || !(name.startsWith("BONFIRE_") || name === "DATABASE_URL")),
  );
}
