import type { Regex } from "./regex-tree.ts";

/** In code points; the longest may be infinite. */
export interface Lengths {
  readonly min: number;
  readonly max: number;
}

export function lengthsOf(regex: Regex): Lengths {
  switch (regex.kind) {
    case "characters":
      return { min: 1, max: 1 };
    case "sequence": {
      const parts = regex.parts.map(lengthsOf);
      return { min: sum(parts.map(({ min }) => min)), max: sum(parts.map(({ max }) => max)) };
    }
    case "choice": {
      const options = regex.options.map(lengthsOf);
      return { min: Math.min(...options.map(({ min }) => min)), max: Math.max(...options.map(({ max }) => max)) };
    }
    case "repeat": {
      const { min, max } = lengthsOf(regex.of);
      return { min: min * regex.min, max: max === 0 || regex.max === 0 ? 0 : max * regex.max };
    }
  }
}

/** Each doubles the alternatives. */
const MOST_OPTIONAL_PARTS = 3;

/**
 * A regex that matches some of the texts that the given one matches, and only ones of these lengths; all of them, wherever one part alone
 * varies in length. Undefined when none is found, which does not prove that there is none.
 */
export function restrictLengths(regex: Regex, bounds: Lengths): Regex | undefined {
  const restricted = narrow(regex, bounds);
  return restricted !== undefined && isWithin(lengthsOf(restricted), bounds) ? restricted : undefined;
}

function narrow(regex: Regex, bounds: Lengths): Regex | undefined {
  const lengths = lengthsOf(regex);
  if (isWithin(lengths, bounds)) return regex;
  if (lengths.min > bounds.max || lengths.max < bounds.min || bounds.min > bounds.max) return undefined;
  switch (regex.kind) {
    case "characters":
      return undefined;
    case "choice": {
      const options = regex.options.flatMap((option) => restrictLengths(option, bounds) ?? []);
      return options.length === 0 ? undefined : { kind: "choice", options };
    }
    case "repeat":
      return narrowRepeat(regex, bounds);
    case "sequence":
      return narrowSequence(regex.parts, bounds, MOST_OPTIONAL_PARTS);
  }
}

/** With and without each optional part, as far as these are few: what is absent leaves its room to the others. */
function narrowSequence(parts: readonly Regex[], bounds: Lengths, optionalParts: number): Regex | undefined {
  const varying = parts.filter((part) => !isFixed(lengthsOf(part))).length;
  const at = varying > 1 && optionalParts > 0 ? parts.findIndex((part) => part.kind === "repeat" && part.min === 0) : -1;
  const optional = parts[at];
  if (optional?.kind === "repeat") {
    const others = (middle: readonly Regex[]): Regex | undefined =>
      narrowSequence([...parts.slice(0, at), ...middle, ...parts.slice(at + 1)], bounds, optionalParts - 1);
    const options = [others([]), others([{ ...optional, min: 1 }])].flatMap((option) =>
      option !== undefined && isWithin(lengthsOf(option), bounds) ? [option] : [],
    );
    return options.length === 0 ? undefined : { kind: "choice", options };
  }
  const shares = shareOut(parts.map(lengthsOf), bounds);
  const narrowed = parts.map((part, index) => narrow(part, shares[index] ?? bounds));
  return narrowed.every((part) => part !== undefined) ? { kind: "sequence", parts: narrowed } : undefined;
}

function isFixed({ min, max }: Lengths): boolean {
  return min === max;
}

function narrowRepeat(regex: Extract<Regex, { kind: "repeat" }>, bounds: Lengths): Regex | undefined {
  const item = lengthsOf(regex.of);
  if (item.min === item.max) {
    const min = Math.max(regex.min, Math.ceil(bounds.min / item.min));
    const max = Math.min(regex.max, Math.floor(bounds.max / item.min));
    return min <= max ? { ...regex, min, max } : undefined;
  }
  // Items of about the same length as there are items, where nothing else bounds either.
  const fewest = Math.min(regex.max, Math.max(regex.min, Math.ceil(bounds.min / Math.max(1, item.min))));
  const shortest = Math.max(1, item.min, fewest === 0 ? 0 : Math.ceil(bounds.min / fewest));
  const room = Math.floor(bounds.max / Math.max(1, fewest));
  const longest = Math.max(
    shortest,
    Number.isFinite(item.max) ? Math.min(item.max, room) : Math.min(room, Math.ceil(Math.sqrt(bounds.max))),
  );
  const of = restrictLengths(regex.of, { min: shortest, max: longest });
  const max = Math.min(regex.max, Math.floor(bounds.max / longest));
  if (of === undefined) return fewest === 0 && bounds.min === 0 ? { ...regex, min: 0, max: 0 } : undefined;
  return fewest <= max ? { ...regex, of, min: fewest, max } : undefined;
}

/** Splits bounds of a sum among the parts: what is missing from the least goes to the longest, what is left for the most to all alike. */
function shareOut(parts: readonly Lengths[], bounds: Lengths): readonly Lengths[] {
  const byRoom = parts.map((part, index) => ({ ...part, index })).sort((a, b) => b.max - b.min - (a.max - a.min) || a.index - b.index);
  let missing = Math.max(0, bounds.min - sum(parts.map(({ min }) => min)));
  const least = new Map(
    byRoom.map(({ min, max, index }) => {
      const more = Math.min(missing, max - min);
      missing -= more;
      return [index, min + more];
    }),
  );
  let left = bounds.max - sum([...least.values()]);
  const shares: Lengths[] = [];
  const varying = byRoom.filter(({ min, max }) => max > min).toReversed();
  for (const [at, { index, max }] of varying.entries()) {
    const min = least.get(index) ?? 0;
    const more = Math.min(max - min, Number.isFinite(left) ? Math.floor(left / (varying.length - at)) : left);
    left -= Number.isFinite(left) ? more : 0;
    shares[index] = { min, max: min + more };
  }
  for (const { index, min, max } of byRoom) if (max === min) shares[index] = { min, max };
  return shares;
}

function isWithin(lengths: Lengths, bounds: Lengths): boolean {
  return bounds.min <= lengths.min && lengths.max <= bounds.max;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
