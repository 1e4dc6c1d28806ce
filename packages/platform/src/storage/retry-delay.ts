const FIRST_MS = 100;
const LONGEST_MS = 5_000;
/** What worked this long had recovered: the next failure counts as a first one. */
export const RECOVERED_AFTER_MS = 10_000;

/** How long to wait before the try that follows the n-th failure in a row (n ≥ 1), milliseconds: doubling, with a ceiling, for ever. */
export function retryDelayMs(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
}
