import { setTimeout as delay } from "node:timers/promises";
import type { LoadGenerator } from "../load/load-generator.ts";
import type { Budget } from "../measure/budget.ts";
import { median } from "../measure/statistics.ts";
import { printTable } from "../measure/table.ts";
import type { HelperServer } from "../processes/helper-server.ts";
import { INSPECTABLE, LiveMemory } from "../processes/live-memory.ts";
import { memoryOf } from "../processes/proc.ts";
import { chatRequest } from "./load-shapes.ts";
import { INSTANT, PACED, SLOW } from "./mock-shapes.ts";
import type { Scene } from "./start-field.ts";
import { allTargets, type Field, type Target, type Tier } from "./target.ts";

interface MemoryOptions {
  readonly scene: Scene;
  readonly generator: LoadGenerator;
  readonly rounds: number;
  readonly tiers: ReadonlySet<Tier>;
}

/** A process just started; what it needs after a rest, and what each open stream adds to that. */
interface Footprint {
  readonly idleMb: number;
  readonly perStreamKb: number;
}

const STREAMS_PER_MODEL = 100;
const STREAMS = STREAMS_PER_MODEL * SLOW.length;
/** Seconds that a slow stream stays open. */
const STREAM_TOKENS = 12;
const REST_MS = 2_000;
/** From the first request until all streams are open. */
const OPENING_MS = 4_000;
const WARM_UP_MS = 2_000;

/** Fresh processes of each kind in every round; the relay is the yardstick. */
export async function measureMemory({ scene, generator, rounds, tiers }: MemoryOptions): Promise<Budget[]> {
  const relay: Footprint[] = [];
  const ours = new Map<Tier, Footprint[]>([...tiers].map((tier) => [tier, []]));
  for (let round = 0; round < rounds; round++) {
    relay.push(await footprint({ ...(await scene.startRelay(INSPECTABLE)), headers: {} }, generator));
    for (const [tier, footprints] of ours) footprints.push(await footprint(await startOurs(scene, tier), generator));
  }
  const perStream = (footprints: readonly Footprint[]) => median(footprints.map(({ perStreamKb }) => perStreamKb));
  const idle = (footprints: readonly Footprint[]) => median(footprints.map(({ idleMb }) => idleMb));
  for (const [tier, footprints] of ours) {
    const lines = [
      ...relay.map(({ idleMb, perStreamKb }, index) => [`relay ${index + 1}`, idleMb, perStreamKb]),
      ...footprints.map(({ idleMb, perStreamKb }, index) => [`Bonfire ${index + 1}`, idleMb, perStreamKb]),
    ];
    printTable(
      `Tier ${tier}: resident memory at rest, and live memory with ${STREAMS} open streams`,
      ["round", "idle MB", "kB for each open stream"],
      lines,
    );
  }
  return [...ours].flatMap(([tier, footprints]): Budget[] => [
    { name: `${tier} memory idle`, measured: idle(footprints), limit: 150, relation: "at-most", unit: "MB" },
    {
      name: `${tier} memory for each open stream to the bare relay's`,
      measured: perStream(footprints) / perStream(relay),
      limit: 1.3,
      relation: "at-most",
      unit: "",
    },
  ]);
}

/** Of the processes that all other rows went through; those of others stand beside ours without a budget. */
export function judgePeak(field: Field): Budget[] {
  const lines = allTargets(field).flatMap(({ name, tiers, pid }) => {
    if (pid === undefined) return [];
    const { residentMb, peakMb } = memoryOf(pid);
    return [[`${name} (tier ${tiers.join(", ")})`, residentMb, peakMb]];
  });
  printTable("Resident memory after all rows", ["", "MB", "peak MB"], lines);
  return field.ours.map(({ tier, target: { pid } }) => ({
    name: `${tier} memory at its peak, after all rows`,
    measured: pid === undefined ? Number.NaN : memoryOf(pid).peakMb,
    limit: 200,
    relation: "at-most",
    unit: "MB",
  }));
}

type Subject = HelperServer & Pick<Target, "headers">;

async function startOurs(scene: Scene, tier: Tier): Promise<Subject> {
  if (tier === "A") return { ...(await scene.startTierA(INSPECTABLE)), headers: {} };
  const bonfire = await scene.startTierB(INSPECTABLE);
  return { ...bonfire, headers: { authorization: `Bearer ${bonfire.apiKey}` } };
}

async function footprint(subject: Subject, generator: LoadGenerator): Promise<Footprint> {
  const { port, pid, headers, stop } = subject;
  const request = (model: string, tokens: number, stream: boolean) => chatRequest({ model, tokens, stream }, headers);
  const address = { port };
  await delay(REST_MS);
  const idleMb = memoryOf(pid).residentMb;
  // Compiled code and caches come with the first load, whatever that is: they must not be counted as the streams' own.
  await generator.run({ kind: "closed", address, request: request(INSTANT, 8, false), connections: 64, durationMs: WARM_UP_MS });
  await generator.run({ kind: "closed", address, request: request(PACED, 20, true), connections: 64, durationMs: WARM_UP_MS });
  await delay(REST_MS);
  const memory = await LiveMemory.open(subject);
  const before = await memory.bytes();
  const requests = SLOW.flatMap((model) => Array.from({ length: STREAMS_PER_MODEL }, () => request(model, STREAM_TOKENS, true)));
  const running = generator.run({ kind: "together", address, requests });
  await delay(OPENING_MS);
  const perStreamKb = ((await memory.bytes()) - before) / STREAMS / 1_000;
  const { answers, firstFailures } = await running;
  memory.close();
  await stop();
  if (answers !== STREAMS) throw new Error(`${STREAMS - answers} open streams failed: ${firstFailures.join("; ")}`);
  return { idleMb, perStreamKb };
}
