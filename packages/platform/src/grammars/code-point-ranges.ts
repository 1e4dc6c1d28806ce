/** A set of Unicode scalar values: inclusive ranges, sorted, disjoint, without surrogates. */
export type CodePointRanges = readonly (readonly [first: number, last: number])[];

const LAST = 0x10_ffff;

/** Every scalar value: surrogates are none, and UTF-8 cannot hold them. */
export const EVERY_CODE_POINT: CodePointRanges = [
  [0, 0xd7ff],
  [0xe000, LAST],
];

export function unionOf(...sets: readonly CodePointRanges[]): CodePointRanges {
  const sorted = sets.flat().sort(([a], [b]) => a - b);
  const merged: [number, number][] = [];
  for (const [first, last] of sorted) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

export function intersectionOf(a: CodePointRanges, b: CodePointRanges): CodePointRanges {
  const common: [number, number][] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [left, right] = [a[i], b[j]];
    if (left === undefined || right === undefined) return common;
    const [first, last] = [Math.max(left[0], right[0]), Math.min(left[1], right[1])];
    if (first <= last) common.push([first, last]);
    if (left[1] < right[1]) i += 1;
    else j += 1;
  }
}

export function complementOf(set: CodePointRanges): CodePointRanges {
  const gaps: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) gaps.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST) gaps.push([next, LAST]);
  return intersectionOf(gaps, EVERY_CODE_POINT);
}

export function differenceOf(a: CodePointRanges, b: CodePointRanges): CodePointRanges {
  return intersectionOf(a, complementOf(b));
}

/** The characters of a text. */
export function rangesOf(characters: string): CodePointRanges {
  return unionOf([...characters].map((character) => [codePointOf(character), codePointOf(character)]));
}

/** The scalar values between two code points. */
export function rangeBetween(first: number, last: number): CodePointRanges {
  return intersectionOf([[first, last]], EVERY_CODE_POINT);
}

export function includesCodePoint(set: CodePointRanges, codePoint: number): boolean {
  return set.some(([first, last]) => first <= codePoint && codePoint <= last);
}

/** The only member of a set that has one. */
export function onlyCodePoint(set: CodePointRanges): number | undefined {
  const [range, ...more] = set;
  return range !== undefined && more.length === 0 && range[0] === range[1] ? range[0] : undefined;
}

export function codePointOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
