import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type LoadPlan, type LoadSummary, loadSummary } from "./load-plan.ts";

const GENERATOR = fileURLToPath(new URL("./generator.js", import.meta.url));

/** Load comes from a process of its own, which hosts nothing else. */
export class LoadGenerator {
  readonly #child: ChildProcess = fork(GENERATOR, { execArgv: [] });

  /** @throws when the generator breaks; failed requests are counted in the summary. */
  async run(plan: LoadPlan): Promise<LoadSummary> {
    const settled = new AbortController();
    const { signal } = settled;
    try {
      this.#child.send(plan);
      const broken = once(this.#child, "exit", { signal }).then(() => {
        throw new Error("The load generator ended.");
      });
      const [answer]: unknown[] = await Promise.race([once(this.#child, "message", { signal }), broken]);
      return loadSummary.parse(answer);
    } finally {
      settled.abort();
    }
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }
}
