import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Budget } from "../measure/budget.ts";
import { median } from "../measure/statistics.ts";
import { printTable } from "../measure/table.ts";
import { startBonfire } from "../processes/bonfire.ts";
import { gatewayAlone, type Scene } from "./start-field.ts";

/** From the start of the process until `/ready` says yes. The very first start makes the embedded database, the next one finds it. */
export async function measureStart(scene: Scene, rounds: number): Promise<Budget[]> {
  const external: number[] = [];
  const first: number[] = [];
  const next: number[] = [];
  for (let round = 0; round < rounds; round++) {
    external.push(await timeStart({ ...gatewayAlone(scene.mockOfTierB), DATABASE_URL: scene.databaseUrl }));
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
  return Object.entries(series).map(([name, seconds]) => ({
    name: `B ready after start, ${name}`,
    measured: median(seconds),
    limit: seconds === external ? 1 : 5,
    relation: "at-most",
    unit: "s",
  }));
}

async function timeStart(settings: Record<string, string>, home?: string): Promise<number> {
  const bonfire = await startBonfire({ settings, ...(home === undefined ? {} : { home }) });
  await bonfire.stop();
  return bonfire.readyAfterMs / 1_000;
}
