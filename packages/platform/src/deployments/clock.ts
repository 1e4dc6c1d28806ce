/** Time for policies that wait; tests have one that stands still until they move it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** @returns the function that calls it off. */
  after(milliseconds: number, act: () => void): () => void;
}

/** The longest that a timer of Node can be set to, about 25 days; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, act) => {
    const timer = setTimeout(act, Math.min(LONGEST_TIMER_MS, milliseconds));
    // What it waits for keeps the process alive, not the timer.
    timer.unref();
    return () => clearTimeout(timer);
  },
};
