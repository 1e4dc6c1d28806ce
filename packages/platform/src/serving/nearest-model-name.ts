import { distance } from "fastest-levenshtein";

/** Typing errors this far from a name still point at it: a third of its letters. */
const FARTHEST = 1 / 3;
/** Names come from clients; the time to compare grows with the product of both lengths. */
const LONGEST = 200;

/** The known name that somebody may have meant: spelled alike, with or without what stands before its last slash. */
export function nearestModelName(written: string, known: readonly string[]): string | undefined {
  if (written.length > LONGEST) return undefined;
  const [nearest] = known
    .map((name) => ({ name, away: Math.min(relativeDistance(written, name), relativeDistance(lastPart(written), lastPart(name))) }))
    .filter(({ away }) => away <= FARTHEST)
    .sort((a, b) => a.away - b.away);
  return nearest?.name;
}

/** Edits for each letter of the name. */
function relativeDistance(written: string, name: string): number {
  return name === "" ? Number.POSITIVE_INFINITY : distance(written.toLowerCase(), name.toLowerCase()) / name.length;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
