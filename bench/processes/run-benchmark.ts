import { Lifetime } from "@bonfire/platform/lifetime";

/** Runs a benchmark and stops what it started, however it ends. @param run returns the exit code. */
export async function runBenchmark(run: (lifetime: Lifetime) => Promise<number>): Promise<void> {
  const lifetime = new Lifetime((part, error) => console.error(`${part} could not be stopped:`, error));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void lifetime.end().then(() => process.exit(1)));
  }
  try {
    process.exitCode = await run(lifetime);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  } finally {
    await lifetime.end();
  }
}
