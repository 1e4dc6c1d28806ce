import type { Tier } from "./choose-next.ts";

export interface AdmissionRequest<Place> {
  /** Requests of one queue wait for the same model: the route's name, which clients see in errors. */
  readonly queue: string;
  readonly tier: Tier;
  /** Among whom places are shared out: the API key. */
  readonly fairKey: string;
  /** Share of the turns beside other keys', above 0. @default 1 */
  readonly weight?: number | undefined;
  /** Requests of one queue with the same kind can start in the same places: where one cannot, the others are not even tried. Without a kind each one is. */
  readonly kind?: string | undefined;
  /** Leaves the queue at once. */
  readonly signal: AbortSignal;
  /**
   * Takes a place, or undefined where none is free; then nobody else may have got one by asking. What it throws is the request's failure.
   * Called at once and again whenever a place may have come free.
   */
  readonly tryStart: () => Place | undefined;
}

export interface Admitted<Place> {
  /** Belongs to the request from now on, also where its signal has aborted meanwhile: it is to be given back in any case. */
  readonly place: Place;
  readonly queuedMs: number;
}

/** How many wait, for the metrics. */
export interface WaitingCount {
  readonly queue: string;
  readonly tier: Tier;
  readonly waiting: number;
}
