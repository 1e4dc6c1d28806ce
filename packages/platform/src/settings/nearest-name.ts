import { distance } from "fastest-levenshtein";

/** Typing errors this far from a name still point at it: a third of its letters. */
const FARTHEST = 1 / 3;

/** The known name that somebody may have meant: spelled alike, or the same last part in another place. */
export function nearestName(written: string, known: readonly string[]): string | undefined {
  const samePart = known.filter((name) => lastPart(name) === lastPart(written));
  if (samePart.length === 1) return samePart[0];
  const [nearest] = known
    .map((name) => ({ name, away: distance(written.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, away }) => away <= Math.max(1, Math.floor(name.length * FARTHEST)) || letters(written) === letters(name))
    .sort((a, b) => a.away - b.away);
  return nearest?.name;
}

/** The same for words with swapped letters, which count as two errors otherwise. */
function letters(word: string): string {
  return [...word.toLowerCase()].sort().join("");
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1).toLowerCase();
}
