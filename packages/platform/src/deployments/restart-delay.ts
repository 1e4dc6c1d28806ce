const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** A replica that lived this long had recovered: the next failure counts as a first one. */
export const RECOVERED_AFTER_MS = 60_000;

/** How long to wait before the start that follows the n-th failure in a row (n ≥ 1): doubling, with a ceiling. */
export function restartDelayMs(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
}
