import type { LoadGenerator } from "../load/load-generator.ts";
import type { Address, LoadSummary } from "../load/load-plan.ts";
import { cpuSeconds } from "../processes/proc.ts";
import { chatRequest } from "./prompts.ts";

/** Who answers in a round. */
export interface Contestant {
  readonly name: string;
  readonly address: Address;
  readonly apiKey: string;
  /** The processes whose CPU time is told: those between client and engine, and the engine. */
  readonly gatewayPid: number | undefined;
  readonly enginePid: number;
}

export interface Round {
  readonly contestant: Contestant;
  readonly tokensPerSecond: number;
  /** Milliseconds of CPU for each token; NaN where there is no gateway. */
  readonly gatewayCpuMs: number;
  readonly engineCpuMs: number;
  readonly firstContentMs: number;
}

/** One round of equal streams at once. @throws when an answer failed or is not exactly as long as was asked for. */
export async function runRound(
  generator: LoadGenerator,
  contestant: Contestant,
  { streams, tokens, firstNumber }: { streams: number; tokens: number; firstNumber: number },
): Promise<Round> {
  const { address, apiKey, gatewayPid, enginePid } = contestant;
  const requests = Array.from({ length: streams }, (_, index) => chatRequest(firstNumber + index, tokens, apiKey));
  const before = { gateway: cpuOf(gatewayPid), engine: cpuSeconds(enginePid) };
  const summary = await generator.run({ kind: "together", address, requests });
  checkCount(contestant.name, summary, { answers: streams, completionTokens: streams * tokens });
  const count = summary.completionTokens;
  return {
    contestant,
    tokensPerSecond: (count / summary.elapsedMs) * 1_000,
    gatewayCpuMs: ((cpuOf(gatewayPid) - before.gateway) / count) * 1_000,
    engineCpuMs: ((cpuSeconds(enginePid) - before.engine) / count) * 1_000,
    firstContentMs: summary.firstContentMs.p50,
  };
}

function checkCount(name: string, summary: LoadSummary, expected: { answers: number; completionTokens: number }): void {
  const { answers, completionTokens, failures, firstFailures } = summary;
  if (failures > 0) throw new Error(`${name}: ${failures} requests failed: ${firstFailures.join("; ")}`);
  if (answers !== expected.answers || completionTokens !== expected.completionTokens) {
    throw new Error(
      `${name} gave ${answers} answers with ${completionTokens} tokens; ${expected.answers} with ${expected.completionTokens} were asked for.`,
    );
  }
}

function cpuOf(pid: number | undefined): number {
  return pid === undefined ? Number.NaN : cpuSeconds(pid);
}
