import { setTimeout as delay } from "node:timers/promises";

/** Waits for a condition, asked every few milliseconds. @throws when it does not come true in time. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`This did not come true within ${timeoutMs} ms: ${condition.toString()}`);
    await delay(10);
  }
}
