import type { LoadGenerator } from "../load/load-generator.ts";
import { printTable } from "../measure/table.ts";
import type { Contestant } from "./contestant.ts";
import { chatRequest, longPromptRequest } from "./prompts.ts";

interface LongPromptOptions {
  readonly generator: LoadGenerator;
  readonly contestants: readonly Contestant[];
  readonly rounds: number;
  readonly promptTokens: number;
}

export interface LongPromptResult {
  /** Of all rounds. */
  readonly longestGapMs: number;
  /** Why the rounds do not show what was asked, where that is so. */
  readonly void: string | undefined;
}

const RUNNING_STREAMS = 4;
/** One stream is shorter than the others: where there are no more slots than streams, the prompt gets this one's, beside the other three. */
const SHORT_STREAM_TOKENS = 24;
/** Longer than the prompt takes: they are hung up when it is answered. */
const LONG_STREAM_TOKENS = 6_000;
const ANSWER_TOKENS = 8;
const FIRST_NUMBER = 1_000_000;

/** A long prompt comes while streams run. @returns what was seen of each contestant, in their order. */
export async function measureLongPrompt({ generator, contestants, rounds, promptTokens }: LongPromptOptions): Promise<LongPromptResult[]> {
  const rows: (string | number)[][] = [];
  const results: LongPromptResult[] = [];
  for (const { name, address, apiKey } of contestants) {
    const gaps: number[] = [];
    const faults: string[] = [];
    for (let round = 1; round <= rounds; round++) {
      const number = FIRST_NUMBER + round * 10;
      const running = Array.from({ length: RUNNING_STREAMS }, (_, index) =>
        chatRequest(number + index, index === 0 ? SHORT_STREAM_TOKENS : LONG_STREAM_TOKENS, apiKey),
      );
      const intruder = longPromptRequest({ number: number + RUNNING_STREAMS, promptTokens, tokens: ANSWER_TOKENS, apiKey });
      const summary = await generator.run({ kind: "beside", address, running, intruder });
      if (summary.failures > 0) faults.push(summary.firstFailures.join("; "));
      if (summary.promptTokens !== promptTokens) faults.push(`the prompt had ${summary.promptTokens} tokens instead of ${promptTokens}`);
      if (summary.stillRunning < RUNNING_STREAMS - 1) faults.push(`${summary.stillRunning} streams ran on beside the prompt`);
      gaps.push(summary.longestGapMs);
      rows.push([`${name} ${round}`, summary.longestGapMs, summary.firstContentMs.p50, String(summary.stillRunning)]);
    }
    results.push({ longestGapMs: Math.max(...gaps), void: faults[0] });
  }
  printTable(
    `A prompt of ${promptTokens} tokens beside ${RUNNING_STREAMS} running streams`,
    ["round", "longest gap ms", "prompt's first token ms", "streams beside its answer"],
    rows,
  );
  return results;
}
