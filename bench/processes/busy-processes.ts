import { startChild } from "./child.ts";

/** Processes that compute all the time, at the same priority as everybody else. @returns the function that ends them. */
export function startBusyProcesses(count: number): () => Promise<void> {
  const children = Array.from({ length: count }, () =>
    startChild({ command: process.execPath, args: ["--eval", "for (;;);"], env: process.env }),
  );
  return async () => {
    for (const child of children) await child.stop("SIGKILL");
  };
}
