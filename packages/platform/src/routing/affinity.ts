import type { Candidate } from "./choose-target.ts";
import { hashText } from "./text-hash.ts";

/** A sticky choice may have a quarter more than its share of what runs, and a few where little runs. */
const BOUND_FACTOR = 1.25;
const BOUND_FLOOR = 4;

/**
 * Rendezvous hashing: each name draws a number for the session, and the lowest wins. Every gateway comes to the same order without
 * talking to another, and a name that goes away moves only its own sessions. By weight: draws are exponential, with the weight as their rate.
 */
export function rankBySession(session: string, candidates: readonly Candidate[]): readonly Candidate[] {
  const seed = hashText(session);
  return candidates
    .map((candidate) => ({ candidate, number: drawOf(seed, candidate) }))
    .sort((one, other) => one.number - other.number || compareNames(one.candidate, other.candidate))
    .map(({ candidate }) => candidate);
}

/**
 * The first by `rankBySession` that is not overloaded beside the others: one session that everybody shares does not drown one deployment.
 * @returns undefined where there are no candidates.
 */
export function chooseBySession(session: string, candidates: readonly Candidate[]): Candidate | undefined {
  if (candidates.length < 2) return candidates[0];
  const seed = hashText(session);
  const load = loadOf(candidates);
  let best: Candidate | undefined;
  let lowest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (exceedsBound(candidate, load)) continue;
    const number = drawOf(seed, candidate);
    if (best === undefined || number < lowest || (number === lowest && compareNames(candidate, best) < 0)) {
      best = candidate;
      lowest = number;
    }
  }
  return best;
}

/** Whether it has more requests than a sticky choice may have, for its weight and what runs at all of them. Never true of all. */
export function isOverloaded(candidate: Candidate, candidates: readonly Candidate[]): boolean {
  return exceedsBound(candidate, loadOf(candidates));
}

interface Load {
  readonly inFlight: number;
  readonly weight: number;
  readonly count: number;
}

function loadOf(candidates: readonly Candidate[]): Load {
  let inFlight = 0;
  let weight = 0;
  for (const candidate of candidates) {
    inFlight += candidate.inFlight;
    weight += candidate.target.weight;
  }
  return { inFlight, weight, count: candidates.length };
}

function exceedsBound({ inFlight, target }: Candidate, load: Load): boolean {
  const share = load.weight === 0 ? 1 / load.count : target.weight / load.weight;
  return inFlight > BOUND_FACTOR * load.inFlight * share + BOUND_FLOOR;
}

/** Those without weight come behind all others, in an order of their own. */
function drawOf(seed: number, { target: { deployment, weight } }: Candidate): number {
  const uniform = (hashText(deployment.name, seed) + 0.5) / 2 ** 32;
  return weight === 0 ? BEHIND_ALL * (1 + uniform) : -Math.log(uniform) / weight;
}

const BEHIND_ALL = 1e6;

function compareNames(one: Candidate, other: Candidate): number {
  return one.target.deployment.name < other.target.deployment.name ? -1 : 1;
}
