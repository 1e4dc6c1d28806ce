// `npm run bench:engine`: Bonfire against the bare llama.cpp server on this machine. The README says what is measured, and how.
import { parseArgs } from "node:util";
import { LoadGenerator } from "../load/load-generator.ts";
import { type Budget, conclude } from "../measure/budget.ts";
import { readNumber, readNumbers, readParts } from "../processes/arguments.ts";
import { startBonfire } from "../processes/bonfire.ts";
import { startBusyProcesses } from "../processes/busy-processes.ts";
import { runBenchmark } from "../processes/run-benchmark.ts";
import { type BareServer, type EngineLaunch, findEngine, startBareServer } from "./bare-server.ts";
import type { Contestant } from "./contestant.ts";
import { withDefaultSettings } from "./default-settings.ts";
import { duel } from "./duel.ts";
import { measureLongPrompt } from "./long-prompt.ts";

const PARTS = ["throughput", "busy", "long-prompt"] as const;
const BUSY_PROCESSES = 2;
const LONG_PROMPT_TOKENS = 5_000;
/** Each takes most of a minute on two cores. */
const MOST_LONG_PROMPT_ROUNDS = 3;
const BUDGET = { throughput: 0.97, busy: 2.3, longestGapMs: 1_500 };

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    streams: { type: "string", default: "1,4,8" },
    "busy-streams": { type: "string", default: "1,4" },
    tokens: { type: "string", default: "200" },
    only: { type: "string" },
    "cpu-profile": { type: "string" },
  },
});

await runBenchmark(async (lifetime) => {
  const rounds = readNumber("rounds", values.rounds);
  const tokens = readNumber("tokens", values.tokens);
  const parts = readParts("only", values.only, PARTS);

  const generator = new LoadGenerator();
  lifetime.add("load generator", () => generator.close());
  const profile = values["cpu-profile"];
  const bonfire = await startBonfire(profile === undefined ? {} : { nodeArguments: ["--cpu-prof", "--cpu-prof-dir", profile] });
  lifetime.add("Bonfire", () => bonfire.stop());
  const launch = findEngine(bonfire.pid);
  const startBare = async (how: EngineLaunch): Promise<BareServer> => {
    const server = await startBareServer(how);
    lifetime.add("bare server", () => server.stop());
    return server;
  };
  const ours: Contestant = {
    name: "Bonfire",
    address: { port: bonfire.port },
    apiKey: bonfire.apiKey,
    gatewayPid: bonfire.pid,
    enginePid: launch.pid,
  };
  const budgets: Budget[] = [];

  if (parts.has("throughput") || parts.has("long-prompt")) {
    const server = await startBare(launch);
    const same = asContestant("bare", server);
    if (parts.has("throughput")) {
      for (const streams of readNumbers("streams", values.streams)) {
        const title = `${count(streams)} of ${tokens} tokens, same flags and environment`;
        const measured = await duel({ title, generator, ours, theirs: same, streams, tokens, rounds });
        budgets.push({
          name: `tokens/s to bare server's, ${count(streams)}`,
          measured,
          limit: BUDGET.throughput,
          relation: "at-least",
          unit: "",
        });
      }
    }
    if (parts.has("long-prompt")) {
      const [result] = await measureLongPrompt({
        generator,
        contestants: [ours, same],
        rounds: Math.min(rounds, MOST_LONG_PROMPT_ROUNDS),
        promptTokens: LONG_PROMPT_TOKENS,
      });
      budgets.push({
        name: "longest gap beside a long prompt",
        measured: result?.longestGapMs ?? Number.NaN,
        limit: BUDGET.longestGapMs,
        relation: "at-most",
        unit: "ms",
        void: result?.void,
      });
    }
    await server.stop();
  }

  if (parts.has("busy")) {
    const server = await startBare(withDefaultSettings(launch));
    const stopBusy = startBusyProcesses(BUSY_PROCESSES);
    lifetime.add("busy processes", stopBusy);
    for (const streams of readNumbers("busy-streams", values["busy-streams"])) {
      const title = `${count(streams)} of ${tokens} tokens beside ${BUSY_PROCESSES} busy processes, the bare server with its own default settings`;
      const measured = await duel({ title, generator, ours, theirs: asContestant("bare", server), streams, tokens, rounds });
      const name = `tokens/s to bare server's own defaults beside ${BUSY_PROCESSES} busy processes, ${count(streams)}`;
      budgets.push({ name, measured, limit: BUDGET.busy, relation: "at-least", unit: "" });
    }
    await stopBusy();
  }
  return conclude(budgets);
});

function asContestant(name: string, { pid, socketPath, apiKey }: BareServer): Contestant {
  return { name, address: { socketPath }, apiKey, gatewayPid: undefined, enginePid: pid };
}

function count(streams: number): string {
  return streams === 1 ? "1 stream" : `${streams} streams`;
}
