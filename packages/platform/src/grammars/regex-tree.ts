import type { CodePointRanges } from "./code-point-ranges.ts";
import { RegexError } from "./grammar-errors.ts";

/** A regular expression over code points, with leaves of one kind. */
type RegexTree<Leaf> =
  | Leaf
  | { readonly kind: "sequence"; readonly parts: readonly RegexTree<Leaf>[] }
  | { readonly kind: "choice"; readonly options: readonly RegexTree<Leaf>[] }
  | { readonly kind: "repeat"; readonly of: RegexTree<Leaf>; readonly min: number; readonly max: number };

interface CharacterSet {
  readonly kind: "characters";
  readonly ranges: CodePointRanges;
}

export interface Anchor {
  readonly kind: "anchor";
  readonly at: "start" | "end";
  /** In the pattern, in code points. */
  readonly offset: number;
}

/** As it is written: `^` and `$` may stand anywhere. */
export type AnchoredRegex = RegexTree<CharacterSet | Anchor>;
/** What a whole text matches. Nothing that is repeated without end matches the empty text. */
export type Regex = RegexTree<CharacterSet>;

export const EMPTY_REGEX: Regex = { kind: "sequence", parts: [] };

/** More optional parts in a row than this, inside a repetition, would make the grammar grow with their square. */
const MOST_OPTIONAL_PARTS = 64;

function matchesEmpty(regex: Regex): boolean {
  switch (regex.kind) {
    case "characters":
      return false;
    case "sequence":
      return regex.parts.every(matchesEmpty);
    case "choice":
      return regex.options.some(matchesEmpty);
    case "repeat":
      return regex.min === 0 || matchesEmpty(regex.of);
  }
}

/** The same repetition of something that is never empty: `(a*)*` is `(a+)*`. */
export function repeatRegex(of: Regex, min: number, max: number): Regex {
  return matchesEmpty(of) ? { kind: "repeat", of: withoutEmpty(of), min: 0, max } : { kind: "repeat", of, min, max };
}

/** All matches but the empty one. */
function withoutEmpty(regex: Regex): Regex {
  switch (regex.kind) {
    case "characters":
      return regex;
    case "choice":
      return { kind: "choice", options: regex.options.map(withoutEmpty) };
    case "repeat":
      // What is repeated is itself never empty here.
      return { ...regex, min: Math.max(1, regex.min) };
    case "sequence": {
      if (!matchesEmpty(regex)) return regex;
      if (regex.parts.length > MOST_OPTIONAL_PARTS) {
        throw new RegexError(`More than ${MOST_OPTIONAL_PARTS} optional parts in a row inside a repetition are too many for a grammar.`, 0);
      }
      const options = regex.parts.map(
        (part, index): Regex => ({ kind: "sequence", parts: [withoutEmpty(part), ...regex.parts.slice(index + 1)] }),
      );
      return { kind: "choice", options };
    }
  }
}
