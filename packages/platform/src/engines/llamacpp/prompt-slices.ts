/**
 * The server does not cancel a prefill. A prompt is therefore fed in pieces that are short enough to wait for: 256 tokens take about
 * one second on two CPU cores, and cost about 4 % more than a prompt fed at once.
 */
export const SLICE_TOKENS = 256;
/**
 * While other slots generate, they wait for each batch of a prompt, and far into a long one a batch of 128 takes more than a second on two
 * CPU cores. Smaller pieces let them go on sooner.
 */
const SLICE_TOKENS_BESIDE_OTHERS = 96;

/**
 * Length of the prefix to feed next, or undefined when the rest is left to the request itself, which computes the last slice. Goes on from
 * what the slot already holds: a shorter prefix would throw the rest of its cache away.
 */
export function nextSliceEnd(promptLength: number, heldLength: number, { isAlone }: { readonly isAlone: boolean }): number | undefined {
  const end = heldLength + (isAlone ? SLICE_TOKENS : SLICE_TOKENS_BESIDE_OTHERS);
  return end < promptLength ? end : undefined;
}
