import type { GenerateEvent } from "./generation.ts";

/**
 * Events often arrive together. Whoever passes them on or uses them up may take those that are there already without a wait for each: a turn of
 * the microtask queue costs more than what is done with most events.
 */
export interface EventIterator extends AsyncIterator<GenerateEvent, undefined> {
  /**
   * The next event where it is there already; undefined where there is none, or where it cannot be told: then `next` says what follows, failures
   * and the end included. Never called while a `next` is pending. Never throws.
   */
  ready?(): GenerateEvent | undefined;
}
