import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Budget } from "../measure/budget.ts";
import { median } from "../measure/statistics.ts";
import { printTable } from "../measure/table.ts";
import { startBonfire } from "../processes/bonfire.ts";
import { PEERS, type PeerName } from "./peers.ts";
import { gatewayAlone, type Scene } from "./start-field.ts";

interface StartOptions {
  readonly scene: Scene;
  readonly rounds: number;
  readonly peers: ReadonlySet<PeerName>;
  readonly cacheFolder: string;
}

/**
 * From the start of the process until `/ready` says yes, or until another gateway answers. The very first start makes the embedded database, the
 * next one finds it.
 */
export async function measureStart({ scene, rounds, peers, cacheFolder }: StartOptions): Promise<Budget[]> {
  const ofPeers = new Map<PeerName, number[]>([...peers].map((name) => [name, []]));
  const external: number[] = [];
  const first: number[] = [];
  const next: number[] = [];
  for (let round = 0; round < rounds; round++) {
    external.push(await timeStart({ ...gatewayAlone(scene.mockOfTierB), DATABASE_URL: scene.databaseUrl }));
    for (const [name, seconds] of ofPeers) {
      const { stop, readyAfterMs } = await PEERS[name].start(cacheFolder, scene.mock.port);
      seconds.push(readyAfterMs / 1_000);
      await stop();
    }
    const home = mkdtempSync(join(tmpdir(), "bonfire-bench-"));
    try {
      first.push(await timeStart(gatewayAlone(scene.mockOfTierB), home));
      next.push(await timeStart(gatewayAlone(scene.mockOfTierB), home));
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }
  const series = { "external database": external, "embedded database, first start": first, "embedded database, next start": next };
  printTable(
    "Tier B: seconds until ready",
    ["", ...external.map((_, index) => `round ${index + 1}`), "median"],
    Object.entries(series).map(([name, seconds]) => [name, ...seconds, median(seconds)]),
  );
  if (ofPeers.size > 0) {
    printTable(
      "Tier A: seconds until another gateway answers",
      ["", ...external.map((_, index) => `round ${index + 1}`), "median"],
      [...ofPeers].map(([name, seconds]) => [PEERS[name].title, ...seconds, median(seconds)]),
    );
  }
  const portkey = ofPeers.get("portkey");
  return [
    ...Object.entries(series).map(
      ([name, seconds]): Budget => ({
        name: `B ready after start, ${name}`,
        measured: median(seconds),
        limit: seconds === external ? 1 : 5,
        relation: "at-most",
        unit: "s",
      }),
    ),
    ...(portkey === undefined ? [] : [startToPortkeys(external, portkey)]),
  ];
}

function startToPortkeys(ours: readonly number[], theirs: readonly number[]): Budget {
  const measured = median(ours.map((seconds, round) => seconds / (theirs[round] ?? Number.NaN)));
  return { name: "B ready after start, external database, to Portkey's", measured, limit: 1, relation: "at-most", unit: "" };
}

async function timeStart(settings: Record<string, string>, home?: string): Promise<number> {
  const bonfire = await startBonfire({ settings, ...(home === undefined ? {} : { home }) });
  await bonfire.stop();
  return bonfire.readyAfterMs / 1_000;
}
