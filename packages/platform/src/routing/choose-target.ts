import type { Route, RouteTarget } from "./route.ts";

/** A deployment that could take the request now. */
export interface Candidate {
  readonly target: RouteTarget;
  /** Requests of this gateway that run there. */
  readonly inFlight: number;
  /** Its PeakEWMA, milliseconds; undefined: not known yet. */
  readonly firstTokenMs: number | undefined;
}

/** From 0 up to 1. */
export type Random = () => number;

type Choose = (candidates: readonly Candidate[], random: Random) => Candidate | undefined;

const CHOICES: Readonly<Record<Route["policy"], Choose>> = {
  weighted: (candidates, random) => draw(candidates, random),
  least_busy: (candidates, random) => lowest(candidates, byLoad, random),
  lowest_latency: chooseLowestLatency,
  cheapest: (candidates, random) => lowest(candidates, byPrice, random),
};

/** @returns undefined where there are no candidates. Those of weight 0 are taken only where there are no others. */
export function chooseTarget(
  candidates: readonly Candidate[],
  { policy, random }: { readonly policy: Route["policy"]; readonly random: Random },
): Candidate | undefined {
  return candidates.length < 2 ? candidates[0] : CHOICES[policy](candidates, random);
}

/** What a deployment whose first answer is still awaited is taken for: a new one is tried by one request, not by all that come meanwhile. */
const UNKNOWN_LATENCY_MS = 1_000;

/** Power of two choices: of two, the one that is likely to be faster. Nobody runs after the one that was fastest a moment ago. */
function chooseLowestLatency(candidates: readonly Candidate[], random: Random): Candidate | undefined {
  const first = draw(candidates, random);
  const second = draw(candidates, random, first);
  if (first === undefined || second === undefined) return first;
  return expectedMs(second) < expectedMs(first) ? second : first;
}

function expectedMs({ firstTokenMs, inFlight }: Candidate): number {
  if (firstTokenMs !== undefined) return firstTokenMs * (inFlight + 1);
  return inFlight === 0 ? 0 : UNKNOWN_LATENCY_MS * (inFlight + 1);
}

/** One at random by weight, all alike where no one has any. @returns undefined where none but `except` has weight. */
function draw(candidates: readonly Candidate[], random: Random, except?: Candidate): Candidate | undefined {
  const alike = noneHasWeight(candidates);
  let total = 0;
  for (const candidate of candidates) if (candidate !== except) total += alike ? 1 : candidate.target.weight;
  let point = random() * total;
  let last: Candidate | undefined;
  for (const candidate of candidates) {
    const weight = alike ? 1 : candidate.target.weight;
    if (candidate === except || weight === 0) continue;
    last = candidate;
    point -= weight;
    if (point < 0) break;
  }
  return last;
}

/** Negative where the first one is to be preferred. */
type Compare = (one: Candidate, other: Candidate) => number;

/** The first by an order; among equals one at random by weight. */
function lowest(candidates: readonly Candidate[], compare: Compare, random: Random): Candidate | undefined {
  const alike = noneHasWeight(candidates);
  let best: Candidate | undefined;
  let equalWeight = 0;
  for (const candidate of candidates) {
    const weight = alike ? 1 : candidate.target.weight;
    const order = best === undefined ? -1 : compare(candidate, best);
    if (order > 0) continue;
    equalWeight = order < 0 ? weight : equalWeight + weight;
    if (order < 0 || random() * equalWeight < weight) best = candidate;
  }
  return best;
}

/** Requests for each unit of weight, without the division. */
function byLoad(one: Candidate, other: Candidate): number {
  const [weight, otherWeight] = [one.target.weight, other.target.weight];
  if (weight === 0 || otherWeight === 0) return weight === otherWeight ? one.inFlight - other.inFlight : otherWeight - weight;
  return one.inFlight * otherWeight - other.inFlight * weight;
}

function byPrice(one: Candidate, other: Candidate): number {
  if ((one.target.weight === 0) !== (other.target.weight === 0)) return other.target.weight - one.target.weight;
  const [price, otherPrice] = [priceOf(one), priceOf(other)];
  return price === otherPrice ? byLoad(one, other) : price < otherPrice ? -1 : 1;
}

function priceOf({ target: { deployment } }: Candidate): number {
  return deployment.price === undefined ? Number.POSITIVE_INFINITY : deployment.price.input + deployment.price.output;
}

function noneHasWeight(candidates: readonly Candidate[]): boolean {
  for (const { target } of candidates) if (target.weight > 0) return false;
  return true;
}
