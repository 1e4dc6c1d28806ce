import { CliError, EXIT } from "./exit.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs something that Ctrl-C may cut. A second Ctrl-C ends the program at once.
 * @param farewell what to tell when it was cut
 * @throws CliError with code 130 then
 */
export async function untilInterrupted<Result>(work: (signal: AbortSignal) => Promise<Result>, farewell: string): Promise<Result> {
  const controller = new AbortController();
  const interrupt = () => {
    stopListening();
    controller.abort(new CliError(farewell, EXIT.interrupted));
  };
  const stopListening = () => {
    for (const name of SIGNALS) process.off(name, interrupt);
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  try {
    return await work(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    stopListening();
  }
}
