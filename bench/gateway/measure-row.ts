import type { LoadGenerator } from "../load/load-generator.ts";
import type { LoadPlan, LoadSummary } from "../load/load-plan.ts";
import { interleave } from "../measure/interleave.ts";
import { median } from "../measure/statistics.ts";
import { printTable } from "../measure/table.ts";
import { cpuSeconds } from "../processes/proc.ts";
import { requestsSeenBy } from "./mock-counts.ts";
import { allTargets, type Field, type Target } from "./target.ts";

/** One target in one round. */
export interface Measured {
  readonly summary: LoadSummary;
  /** That the process between load and mock used meanwhile; NaN for the mock itself. */
  readonly cpuSeconds: number;
  /** Requests that reached the mock: neither retries nor stored answers may make a target look other than it is. */
  readonly mockRequests: number;
}

interface Column {
  readonly header: string;
  readonly value: (measured: Measured, direct: Measured) => number;
}

interface Row {
  readonly title: string;
  readonly plan: (target: Target) => LoadPlan;
  /** In each answer: a target that shortens answers is not fast. */
  readonly tokensPerAnswer: number;
  readonly columns: readonly Column[];
}

/** Rounds of all targets, in the order of the rounds. */
export class Series {
  readonly #rounds: readonly ReadonlyMap<Target, Measured>[];
  readonly #direct: Target;
  readonly #tokensPerAnswer: number;

  constructor(rounds: readonly ReadonlyMap<Target, Measured>[], direct: Target, tokensPerAnswer: number) {
    this.#rounds = rounds;
    this.#direct = direct;
    this.#tokensPerAnswer = tokensPerAnswer;
  }

  /** A value of one target in each round; `other` is a second target in the same round, the mock itself unless said otherwise. */
  values(target: Target, value: (measured: Measured, other: Measured) => number, other = this.#direct): number[] {
    return this.#rounds.map((round) => {
      const [one, two] = [round.get(target), round.get(other)];
      return one === undefined || two === undefined ? Number.NaN : value(one, two);
    });
  }

  median(target: Target, value: (measured: Measured, other: Measured) => number, other = this.#direct): number {
    return median(this.values(target, value, other));
  }

  /** What is wrong with the answers that these targets gave in any round. */
  fault(...targets: readonly Target[]): string | undefined {
    for (const round of this.#rounds) {
      for (const target of targets) {
        const { summary, mockRequests = 0 } = round.get(target) ?? {};
        const { failures = 0, firstFailures = [], answers = 0, completionTokens = 0 } = summary ?? {};
        if (failures > 0) return `${failures} requests to ${target.name} failed: ${firstFailures.join("; ")}`;
        if (answers === 0) return `${target.name} gave no answer`;
        if (completionTokens !== answers * this.#tokensPerAnswer) {
          return `${target.name} gave ${completionTokens} tokens in ${answers} answers of ${this.#tokensPerAnswer}`;
        }
        if (mockRequests !== answers) return `${target.name} gave ${answers} answers, and the mock saw ${mockRequests} requests`;
      }
    }
    return undefined;
  }
}

interface MeasureOptions {
  readonly field: Field;
  readonly generator: LoadGenerator;
  readonly rounds: number;
}

/** Runs all rounds and prints them, one table for each tier. */
export async function measureRow({ title, plan, columns, tokensPerAnswer }: Row, options: MeasureOptions): Promise<Series> {
  const { field, generator, rounds } = options;
  const done: Map<Target, Measured>[] = [];
  for (const order of interleave(allTargets(field), rounds)) {
    const round = new Map<Target, Measured>();
    for (const target of order) {
      const [cpuBefore, seenBefore] = [cpuOf(target), await requestsSeenBy(target.mockPort)];
      const summary = await generator.run(plan(target));
      const mockRequests = (await requestsSeenBy(target.mockPort)) - seenBefore;
      round.set(target, { summary, cpuSeconds: cpuOf(target) - cpuBefore, mockRequests });
    }
    done.push(round);
  }

  const series = new Series(done, field.direct, tokensPerAnswer);
  for (const { tier } of field.ours) {
    const lines = allTargets(field)
      .filter((target) => target.tiers.includes(tier))
      .flatMap((target) => {
        const values = columns.map(({ value }) => series.values(target, value));
        return [
          ...done.map((_, index) => [`${target.name} ${index + 1}`, ...values.map((of) => of[index] ?? Number.NaN)]),
          [`${target.name} median`, ...values.map(median)],
        ];
      });
    printTable(`Tier ${tier}: ${title}`, ["round", ...columns.map(({ header }) => header)], lines);
    for (const target of allTargets(field)) {
      const fault = series.fault(target);
      if (fault !== undefined && target.tiers.includes(tier)) console.log(`! ${fault}`);
    }
  }
  return series;
}

function cpuOf({ pid }: Target): number {
  return pid === undefined ? Number.NaN : cpuSeconds(pid);
}
