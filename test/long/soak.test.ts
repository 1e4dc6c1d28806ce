import { expect, it } from "vitest";
import { soak } from "../soak/soak.ts";

const MINUTE_MS = 60_000;
/** Of the live heap. A leak of a hundred bytes for each request grows faster; what garbage collection leaves differs by less. */
const MOST_MB_PER_HOUR = 30;

it(
  "a gateway's live memory stays what it is, whatever it is asked for ten minutes",
  async () => {
    const soaked = await soak({ totalMs: 10 * MINUTE_MS, warmUpMs: 2 * MINUTE_MS, everyMs: 15_000 });
    console.log(soaked);
    expect(soaked.requests).toBeGreaterThan(10_000);
    expect(soaked.answered).toBeGreaterThan(soaked.requests / 2);
    expect(soaked.liveMbPerHour).toBeLessThan(MOST_MB_PER_HOUR);
  },
  15 * MINUTE_MS,
);
