/**
 * The order in which contestants run, one list for each round: forwards and backwards in turns (A B C, C B A, …), so that a machine that
 * grows slower or faster over time favours nobody.
 */
export function interleave<Contestant>(contestants: readonly Contestant[], rounds: number): Contestant[][] {
  return Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? [...contestants] : [...contestants].reverse()));
}
