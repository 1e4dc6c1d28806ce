import { setTimeout as delay } from "node:timers/promises";

/** Waits for a condition. @throws when it does not come in time. */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  { patienceMs = 60_000, everyMs = 10 } = {},
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${patienceMs / 1_000} s.`);
    await delay(everyMs);
  }
}

/** Whether something answers there with a status of success. */
export async function answersOk(url: string, headers: Readonly<Record<string, string>> = {}): Promise<boolean> {
  try {
    const response = await fetch(url, { headers });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
