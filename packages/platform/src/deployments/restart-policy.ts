export interface RestartPolicy {
  /** Pause before the start that follows the first failure; it doubles with each further one. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** A replica that lived this long had recovered: the next failure counts as a first one. */
  readonly recoveredAfterMs: number;
  /** With so many in a row it is given up: it does not mend itself. */
  readonly mostFailures: number;
}

export const RESTART_POLICY: RestartPolicy = { firstDelayMs: 500, longestDelayMs: 30_000, recoveredAfterMs: 60_000, mostFailures: 5 };

/**
 * What follows the end of a replica.
 * @param failuresInARow before this one.
 * @param livedMs how long it had been ready; 0 for one that never was.
 * @returns `restartInMs` is undefined when it is given up.
 */
export function afterFailure(
  { firstDelayMs, longestDelayMs, recoveredAfterMs, mostFailures }: RestartPolicy,
  { failuresInARow, livedMs }: { readonly failuresInARow: number; readonly livedMs: number },
): { readonly failuresInARow: number; readonly restartInMs: number | undefined } {
  const failures = livedMs > recoveredAfterMs ? 1 : failuresInARow + 1;
  return {
    failuresInARow: failures,
    restartInMs: failures >= mostFailures ? undefined : Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1)),
  };
}

const GIB = 1024 ** 3;
const START_MS = 300_000;
const START_MS_PER_GIB = 20_000;

/** How long a start may take: five minutes and 20 s for each GiB that it reads, which a slow network disk still gives. */
export function startDeadlineMs(weightsBytes: number): number {
  return START_MS + Math.ceil((weightsBytes / GIB) * START_MS_PER_GIB);
}
