// `npm run bench:gateway`: what Bonfire adds to a replica that answers at once. The README says what is measured, and how.
import { parseArgs } from "node:util";
import { loadConfig } from "@bonfire/platform/config";
import { LoadGenerator } from "../load/load-generator.ts";
import { type Budget, conclude } from "../measure/budget.ts";
import { readNumber, readParts } from "../processes/arguments.ts";
import { runBenchmark } from "../processes/run-benchmark.ts";
import { chatRequest } from "./load-shapes.ts";
import { judgePeak, measureMemory } from "./memory.ts";
import { INSTANT } from "./mock-shapes.ts";
import type { PeerName } from "./peers.ts";
import { measureEvents, measureFirstToken, measureLatency, measureThroughput, type RowOptions } from "./rows.ts";
import { startField, startScene } from "./start-field.ts";
import { measureStart } from "./start-up.ts";
import { allTargets } from "./target.ts";
import { verifyLedger } from "./verify-ledger.ts";

const ROWS: Readonly<Record<string, (options: RowOptions) => Promise<Budget[]>>> = {
  latency: measureLatency,
  "first-token": measureFirstToken,
  throughput: measureThroughput,
  sse: measureEvents,
};
const PARTS = [...Object.keys(ROWS), "memory", "start"];
const WARM_UP_MS = 2_000;
const NOT_IN_TIER_B =
  "LiteLLM in tier B: not possible here. Its database client, Prisma, downloads a query engine from the maker's site, which no package registry carries.";

const { values } = parseArgs({
  allowNegative: true,
  options: {
    rounds: { type: "string", default: "4" },
    seconds: { type: "string", default: "6" },
    tiers: { type: "string" },
    only: { type: "string" },
    "without-portkey": { type: "boolean", default: false },
    "without-litellm": { type: "boolean", default: false },
    verify: { type: "boolean", default: true },
  },
});

await runBenchmark(async (lifetime) => {
  const rounds = readNumber("rounds", values.rounds);
  const durationMs = readNumber("seconds", values.seconds) * 1_000;
  const tiers = readParts("tiers", values.tiers, ["A", "B"]);
  const parts = readParts("only", values.only, PARTS);
  const peers = new Set<PeerName>();
  if (!values["without-portkey"]) peers.add("portkey");
  if (!values["without-litellm"]) peers.add("litellm");
  const { cache: cacheFolder } = loadConfig(process.env);

  const generator = new LoadGenerator();
  lifetime.add("load generator", () => generator.close());
  const scene = await startScene(lifetime);
  const budgets: Budget[] = [];

  const rows = Object.entries(ROWS).filter(([name]) => parts.has(name));
  if (rows.length > 0) {
    if (tiers.has("B") && peers.has("litellm")) console.log(NOT_IN_TIER_B);
    const field = await startField({ scene, tiers, peers, cacheFolder, lifetime });
    for (const { port, headers } of allTargets(field)) {
      for (const stream of [false, true]) {
        const request = chatRequest({ model: INSTANT, tokens: 50, stream }, headers);
        await generator.run({ kind: "closed", address: { port }, request, connections: 32, durationMs: WARM_UP_MS });
      }
    }
    for (const [, measure] of rows) budgets.push(...(await measure({ field, generator, rounds, durationMs })));
    budgets.push(...judgePeak(field));
  }
  if (parts.has("memory")) budgets.push(...(await measureMemory({ scene, generator, rounds, tiers })));
  if (parts.has("start")) budgets.push(...(await measureStart({ scene, rounds, peers, cacheFolder })));
  const hasLoad = rows.length > 0 || parts.has("memory");
  if (values.verify && tiers.has("B") && hasLoad) budgets.push(...(await verifyLedger(scene.databaseUrl, scene.mockOfTierB.port)));
  return conclude(budgets);
});
