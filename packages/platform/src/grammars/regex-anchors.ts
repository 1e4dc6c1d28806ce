import { RegexError } from "./grammar-errors.ts";
import { type Anchor, type AnchoredRegex, EMPTY_REGEX, type Regex, repeatRegex } from "./regex-tree.ts";

/** What may stand around a match: the empty regex where the whole text must match. */
export interface Surroundings {
  readonly before: Regex;
  readonly after: Regex;
}

/**
 * The regex of whole texts: where the pattern is not anchored, the surroundings are added.
 * @throws RegexError for an anchor in the middle
 */
export function resolveAnchors(regex: AnchoredRegex, { before, after }: Surroundings): Regex {
  return withoutAnchors(open(open(regex, "start", before), "end", after));
}

/** Drops the anchors at one side of every alternative, and adds what may stand there to those without. */
function open(regex: AnchoredRegex, side: Anchor["at"], wing: Regex): AnchoredRegex {
  switch (regex.kind) {
    case "anchor":
      return regex.at === side ? EMPTY_REGEX : join(regex, side, wing);
    case "characters":
      return join(regex, side, wing);
    case "choice":
      return { kind: "choice", options: regex.options.map((option) => open(option, side, wing)) };
    case "repeat":
      // `(^a)?` is nothing or `^a`.
      if (regex.max === 1 && holdsAnchor(regex.of)) return { kind: "choice", options: [wing, open(regex.of, side, wing)] };
      return join(regex, side, wing);
    case "sequence": {
      const parts = side === "start" ? regex.parts : regex.parts.toReversed();
      const [outermost, ...inner] = parts;
      if (outermost === undefined) return wing;
      // `^^a` is `^a`.
      const twice = outermost.kind === "anchor" && outermost.at === side && inner[0]?.kind === "anchor" && inner[0].at === side;
      const opened = twice
        ? [open({ kind: "sequence", parts: ordered(inner, side) }, side, wing)]
        : [open(outermost, side, wing), ...inner];
      return { kind: "sequence", parts: ordered(opened, side) };
    }
  }
}

function ordered<T>(parts: readonly T[], side: Anchor["at"]): readonly T[] {
  return side === "start" ? parts : parts.toReversed();
}

function join(regex: AnchoredRegex, side: Anchor["at"], wing: Regex): AnchoredRegex {
  return { kind: "sequence", parts: side === "start" ? [wing, regex] : [regex, wing] };
}

function holdsAnchor(regex: AnchoredRegex): boolean {
  switch (regex.kind) {
    case "anchor":
      return true;
    case "characters":
      return false;
    case "sequence":
      return regex.parts.some(holdsAnchor);
    case "choice":
      return regex.options.some(holdsAnchor);
    case "repeat":
      return holdsAnchor(regex.of);
  }
}

function withoutAnchors(regex: AnchoredRegex): Regex {
  switch (regex.kind) {
    case "anchor": {
      const sign = regex.at === "start" ? "^" : "$";
      throw new RegexError(
        `\`${sign}\` at offset ${regex.offset} of the pattern stands in the middle, where it cannot be enforced.`,
        regex.offset,
      );
    }
    case "characters":
      return regex;
    case "sequence":
      return { kind: "sequence", parts: regex.parts.map(withoutAnchors) };
    case "choice":
      return { kind: "choice", options: regex.options.map(withoutAnchors) };
    case "repeat":
      return repeatRegex(withoutAnchors(regex.of), regex.min, regex.max);
  }
}
