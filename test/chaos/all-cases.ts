import type { CaseSection, ChaosCase, Expected } from "./chaos-case.ts";
import { CONNECTIONS, HEADS } from "./connection-cases.ts";
import { KEYS_AND_LIMITS, PROMPTS, STATUSES } from "./status-cases.ts";
import { AFTER_CONTENT, BEFORE_CONTENT, ODD_BUT_WHOLE } from "./stream-cases.ts";

/** In the order of the page. */
export const SECTIONS: readonly CaseSection[] = [
  CONNECTIONS,
  HEADS,
  STATUSES,
  KEYS_AND_LIMITS,
  PROMPTS,
  BEFORE_CONTENT,
  AFTER_CONTENT,
  ODD_BUT_WHOLE,
];

export const CASES: readonly ChaosCase[] = SECTIONS.flatMap(({ cases }) => cases);

/** The first case of each outcome that an attempt can have: what is done next depends on nothing else. */
export const ONE_OF_EACH_OUTCOME: readonly ChaosCase[] = CASES.filter(
  ({ gets }, at) => CASES.findIndex((other) => outcomeOf(other.gets) === outcomeOf(gets)) === at,
);

function outcomeOf(gets: Expected): string {
  return gets.kind === "answer" ? `answer after ${gets.after ?? "nothing"}` : `${gets.kind}: ${gets.ledger}`;
}
