import type { LoadGenerator } from "../load/load-generator.ts";
import { interleave } from "../measure/interleave.ts";
import { median } from "../measure/statistics.ts";
import { printTable } from "../measure/table.ts";
import { type Contestant, type Round, runRound } from "./contestant.ts";

interface DuelOptions {
  readonly title: string;
  readonly generator: LoadGenerator;
  readonly ours: Contestant;
  readonly theirs: Contestant;
  readonly streams: number;
  readonly tokens: number;
  readonly rounds: number;
}

/** Every prompt of a run has its own number. */
let nextNumber = 1;

/** Rounds of both in turns, after one of each that does not count. All are printed. @returns the median of the rounds' ratios, ours to theirs. */
export async function duel({ title, generator, ours, theirs, streams, tokens, rounds }: DuelOptions): Promise<number> {
  const run = async (contestant: Contestant, firstNumber: number) => runRound(generator, contestant, { streams, tokens, firstNumber });
  for (const contestant of [ours, theirs]) await run(contestant, takeNumbers(streams));

  const pairs: { readonly ours: Round; readonly theirs: Round }[] = [];
  for (const order of interleave([ours, theirs], rounds)) {
    // Both get the same prompts in one round.
    const firstNumber = takeNumbers(streams);
    const done: Round[] = [];
    for (const contestant of order) done.push(await run(contestant, firstNumber));
    const [first, second] = done;
    if (first !== undefined && second !== undefined) {
      pairs.push(first.contestant === ours ? { ours: first, theirs: second } : { ours: second, theirs: first });
    }
  }

  const ratios = pairs.map((pair) => pair.ours.tokensPerSecond / pair.theirs.tokensPerSecond);
  const row = (label: string, pick: (side: "ours" | "theirs", value: (round: Round) => number) => number, ratio: number) => [
    label,
    ...[pick("ours", speed), pick("theirs", speed), ratio],
    ...[
      pick("ours", firstContent),
      pick("theirs", firstContent),
      pick("ours", gatewayCpu),
      pick("ours", engineCpu),
      pick("theirs", engineCpu),
    ],
  ];
  const header = [
    ...["round", `${ours.name} tok/s`, `${theirs.name} tok/s`, "ratio", "ours first ms", "theirs first ms"],
    ...["gateway CPU ms/tok", "ours engine CPU ms/tok", "theirs engine CPU ms/tok"],
  ];
  printTable(title, header, [
    ...pairs.map((pair, index) => row(String(index + 1), (side, value) => value(pair[side]), ratios[index] ?? Number.NaN)),
    row("median", (side, value) => median(pairs.map((pair) => value(pair[side]))), median(ratios)),
  ]);
  return median(ratios);
}

const speed = (round: Round) => round.tokensPerSecond;
const firstContent = (round: Round) => round.firstContentMs;
const gatewayCpu = (round: Round) => round.gatewayCpuMs;
const engineCpu = (round: Round) => round.engineCpuMs;

function takeNumbers(count: number): number {
  const first = nextNumber;
  nextNumber += count;
  return first;
}
