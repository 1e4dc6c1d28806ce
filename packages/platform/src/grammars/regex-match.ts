import { codePointOf, includesCodePoint } from "./code-point-ranges.ts";
import type { Regex } from "./regex-tree.ts";

/** Set operations; what takes more is left undecided: nobody's pattern may hold the event loop. */
const MOST_STEPS = 100_000;

/** Whether a whole text matches, without backtracking; undefined when that takes too long to find out. */
export function matchesRegex(regex: Regex, text: string): boolean | undefined {
  const input = [...text].map(codePointOf);
  let steps = 0;

  function ends(of: Regex, starts: ReadonlySet<number>): ReadonlySet<number> {
    steps += 1 + starts.size;
    if (starts.size === 0 || steps > MOST_STEPS) return new Set();
    switch (of.kind) {
      case "characters":
        return new Set([...starts].filter((at) => isAt(of.ranges, at)).map((at) => at + 1));
      case "sequence":
        return of.parts.reduce<ReadonlySet<number>>((reached, part) => ends(part, reached), starts);
      case "choice":
        return new Set(of.options.flatMap((option) => [...ends(option, starts)]));
      case "repeat":
        return repeated(of, starts);
    }
  }

  function isAt(ranges: Parameters<typeof includesCodePoint>[0], at: number): boolean {
    const codePoint = input[at];
    return codePoint !== undefined && includesCodePoint(ranges, codePoint);
  }

  /** What is repeated is never empty, so that the text is used up after as many rounds as it is long. */
  function repeated(of: Extract<Regex, { kind: "repeat" }>, starts: ReadonlySet<number>): ReadonlySet<number> {
    const reached = new Set<number>(of.min === 0 ? starts : []);
    let frontier = starts;
    for (let round = 1; round <= of.max && frontier.size > 0 && steps <= MOST_STEPS; round += 1) {
      frontier = ends(of.of, frontier);
      if (round >= of.min) for (const at of frontier) reached.add(at);
    }
    return reached;
  }

  const matched = ends(regex, new Set([0])).has(input.length);
  return steps > MOST_STEPS ? undefined : matched;
}
