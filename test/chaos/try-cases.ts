import type { ChaosPlatform } from "./chaos-platform.ts";
import { type Observation, observe, routeResource, STEADY, type Trial, type Tried, upstreamOf, upstreamResource } from "./observe-case.ts";

/** Most of them only wait. */
const AT_ONCE = 32;

/**
 * Makes the upstreams and routes of trials, and begins with those that rest longest, so that nobody waits for them at the end.
 * @param more upstreams that work
 * @returns what tells how one of them went
 */
export async function tryCases(
  cases: readonly Tried[],
  platform: ChaosPlatform,
  more: readonly string[] = [],
): Promise<(tried: Tried) => Promise<Observation>> {
  const trials: Trial[] = [];
  for (const tried of cases.toSorted((one, other) => (other.chaos.restsMs ?? 0) - (one.chaos.restsMs ?? 0)))
    trials.push({ ...tried, door: tried.chaos.door === undefined ? platform.door : await platform.server.addDoor() });
  await platform.apply({
    upstreams: [
      ...[STEADY, ...more].map((name) => upstreamResource(name, platform)),
      ...trials.map((trial) => upstreamResource(upstreamOf(trial), { door: trial.door, keys: trial.chaos.keys })),
    ],
    routes: trials.map(routeResource),
  });
  const observed = inParallel(trials, AT_ONCE, (trial) => observe(trial, platform));
  // Its test says so.
  for (const observation of observed) observation.catch(() => undefined);
  const observations = new Map(trials.map((trial, at) => [upstreamOf(trial), observed[at]]));
  return async (tried) => {
    const observation = await observations.get(upstreamOf(tried));
    if (observation === undefined) throw new Error("It was not tried.");
    return observation;
  };
}

/** Runs a few at a time. @returns what comes of each, in the order of the inputs. */
function inParallel<Input, Output>(inputs: readonly Input[], most: number, work: (input: Input) => Promise<Output>): Promise<Output>[] {
  let running = 0;
  const waiting: (() => void)[] = [];
  return inputs.map(async (input) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      return await work(input);
    } finally {
      running--;
      waiting.shift()?.();
    }
  });
}
