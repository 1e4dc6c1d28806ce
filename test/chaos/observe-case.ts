import { setTimeout as delay } from "node:timers/promises";
import type { SeenAnswer } from "./asked-answer.ts";
import type { ChaosCase } from "./chaos-case.ts";
import type { AttemptRow, ChaosPlatform } from "./chaos-platform.ts";
import type { Door } from "./chaos-server.ts";

export type Mode = "streamed" | "whole";
export const MODES: readonly Mode[] = ["streamed", "whole"];
/** `alone`: with one deployment; `backed`: with a healthy one behind it. */
export type Setting = "alone" | "backed";

/** One case as one kind of client meets it. */
export interface Trial {
  readonly chaos: ChaosCase;
  readonly mode: Mode;
  readonly setting: Setting;
  readonly door: Door;
}

export interface Observation {
  readonly seen: SeenAnswer;
  readonly rows: readonly AttemptRow[];
  /** The next request to the same deployment, when its upstream was well again. */
  readonly next: SeenAnswer;
}

/** The one behind the others. */
export const STEADY = "steady";
/** With a deployment that has rested, on a machine that is busy. */
const PATIENCE_MS = 10_000;

/** A trial but for what only trying needs. */
export type Tried = Omit<Trial, "door">;

export function upstreamOf({ chaos, mode, setting }: Tried): string {
  return `${chaos.name}-${mode}-${setting}`;
}

export function deploymentOf(trial: Tried): string {
  return `${upstreamOf(trial)}/m`;
}

interface UpstreamOptions {
  readonly door: Door;
  readonly keys?: readonly string[] | undefined;
  /** Whether its own list of models is read. */
  readonly hasList?: boolean;
}

/** What an operator would write into a resources file. */
export function upstreamResource(name: string, { door, keys, hasList = false }: UpstreamOptions): object {
  return {
    name,
    base_url: door.urlOf(name),
    keys: (keys ?? []).map((value, at) => ({ name: `key-${at}`, value })),
    credentials: { kind: keys === undefined ? "none" : "keys" },
    import_models: hasList,
    models: [{ id: "m" }],
    health_check: "off",
  };
}

/** One attempt at each deployment, and one for each further key. */
export function routeResource(trial: Tried): object {
  const { chaos, setting } = trial;
  const own = { deployments: [{ deployment: deploymentOf(trial) }] };
  const behind = { deployments: [{ deployment: `${STEADY}/m` }] };
  return {
    model: upstreamOf(trial),
    groups: setting === "alone" ? [own] : [own, behind],
    retries: { attempts: (setting === "alone" ? 1 : 2) + Math.max(0, (chaos.keys?.length ?? 0) - 1) },
    timeouts: chaos.timeouts ?? {},
  };
}

export async function observe(trial: Trial, platform: ChaosPlatform): Promise<Observation> {
  const { chaos, mode, door } = trial;
  const { server } = platform;
  const upstream = upstreamOf(trial);
  if (chaos.answer !== undefined) server.misbehave(upstream, { answer: chaos.answer, isEarly: chaos.isEarly === true });
  if (chaos.door !== undefined) await door.turn(chaos.door);
  const stream = mode === "streamed";
  const seen = await platform.ask({ ...chaos.asks, model: upstream, stream });
  server.heal(upstream);
  await door.turn("opens");
  const next = await askUntilWell(trial, platform);
  const attempts = Number(seen.headers.get("x-bonfire-attempts") ?? 1);
  const rows = await platform.rows(seen.headers.get("x-request-id"), attempts);
  return { seen, rows, next };
}

/** By the deployment's own name, so that it is this one that answers. */
async function askUntilWell(trial: Trial, { ask }: ChaosPlatform): Promise<SeenAnswer> {
  const { restsMs = 0 } = trial.chaos;
  // Who asked again and again meanwhile would open the breaker.
  await delay(restsMs);
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const next = await ask({ model: deploymentOf(trial), stream: trial.mode === "streamed" });
    if (next.status === 200 || restsMs === 0 || Date.now() > until) return next;
    await delay(100);
  }
}
