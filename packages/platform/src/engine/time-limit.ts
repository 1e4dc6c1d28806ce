/**
 * A signal that also aborts when so much time has passed, with a `TimeoutError`. Node.js 20 collects a timeout to which only
 * `AbortSignal.any` refers, and its timer with it: then nothing ever aborts. A listener of its own keeps it.
 */
export function withTimeLimit(signal: AbortSignal, milliseconds: number): AbortSignal {
  const timeout = AbortSignal.timeout(milliseconds);
  timeout.addEventListener("abort", keep, { once: true });
  return AbortSignal.any([signal, timeout]);
}

function keep(): void {
  // That it is there is enough.
}
