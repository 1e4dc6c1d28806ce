import { createContext, Script } from "node:vm";

const RUN = new Script("run()");

/**
 * Runs on the event loop, and gives up after a time: nothing else waits longer, whatever a client has sent.
 * @throws what `isTimeout` tells, and whatever `run` throws.
 */
export function withinTime<Value>(mostMs: number, run: () => Value): Value {
  let value: { readonly of: Value } | undefined;
  RUN.runInContext(
    createContext({
      run: () => {
        value = { of: run() };
      },
    }),
    { timeout: mostMs },
  );
  if (value === undefined) throw new Error("The run has ended without a value.");
  return value.of;
}

/** The error comes out of another realm, so that it is no `Error` of this one. */
export function isTimeout(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
