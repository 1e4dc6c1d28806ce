import { z } from "zod";

/** Writers of JSON recurse: what is nested deeper than anybody means is refused where it comes in. */
const MOST_DEPTH = 64;

/** An object of the client's own, of any keys. */
export const jsonObject = z.record(z.string(), z.unknown()).refine(isBounded, `an object that is nested at most ${MOST_DEPTH} levels deep`);

/** Level by level: a recursive walk could overflow on the very thing that it looks for. */
function isBounded(root: unknown): boolean {
  let level = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_DEPTH) return false;
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
  return true;
}
