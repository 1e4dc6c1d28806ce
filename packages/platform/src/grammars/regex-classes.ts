import { type CodePointRanges, codePointOf, complementOf, differenceOf, rangesOf, unionOf } from "./code-point-ranges.ts";

const DIGITS: CodePointRanges = [[0x30, 0x39]];
const WORD: CodePointRanges = unionOf(
  DIGITS,
  [
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  rangesOf("_"),
);
const LINE_ENDS = rangesOf("\n\r\u2028\u2029");
/** Source: ECMAScript, WhiteSpace and LineTerminator. */
const SPACES = unionOf(rangesOf("\t\v\f \u00a0\u1680\u202f\u205f\u3000\ufeff"), LINE_ENDS, [[0x2000, 0x200a]]);

/** What `.` matches. */
export const NOT_LINE_END = complementOf(LINE_ENDS);

/** By the letter after the backslash. */
export const CLASS_ESCAPES: Readonly<Record<string, CodePointRanges>> = {
  d: DIGITS,
  D: complementOf(DIGITS),
  w: WORD,
  W: complementOf(WORD),
  s: SPACES,
  S: complementOf(SPACES),
};

/** Each takes some 10 ms to find, and nobody means more. */
const MOST_PROPERTIES = 256;
/** Blocks of Unicode with characters of their own. */
const SURVEYED: CodePointRanges = [
  [0, 0xd7ff],
  [0xe000, 0x3_3fff],
  [0xe_0000, 0xe_0fff],
];
/** Blocks whose code points are all alike, unassigned or private, but for the last two of each plane. */
const UNIFORM: CodePointRanges = [
  [0x3_4000, 0xd_ffff],
  [0xe_1000, 0xe_ffff],
  [0xf_0000, 0x10_ffff],
];

const properties = new Map<string, CodePointRanges>();

/**
 * The characters of `\p{…}`; undefined when there is no such property, or when too many others were asked for.
 * Names as in ECMAScript: `L`, `Letter`, `Script=Greek`.
 */
export function unicodeProperty(name: string): CodePointRanges | undefined {
  const known = properties.get(name);
  if (known !== undefined) return known;
  if (properties.size === MOST_PROPERTIES || !/^\w{1,40}(=\w{1,40})?$/.test(name)) return undefined;
  const ranges = findProperty(name);
  if (ranges !== undefined) properties.set(name, ranges);
  return ranges;
}

/** The regular expressions of the language are the only table of Unicode at hand. */
function findProperty(name: string): CodePointRanges | undefined {
  let property: RegExp;
  try {
    property = new RegExp(`\\p{${name}}+`, "gu");
  } catch {
    return undefined;
  }
  const surveyed = SURVEYED.flatMap(([first, last]) => {
    const runs = textOf(first, last).matchAll(property);
    return Array.from(runs, ([run]): [number, number] => [codePointOf(run), lastCodePoint(run)]);
  });
  const has = (codePoint: number): boolean => String.fromCodePoint(codePoint).search(property) === 0;
  const uniform = UNIFORM.flatMap(([first, last]) => {
    const nonCharacters: CodePointRanges = planesBetween(first, last).map((plane) => [plane + 0xfffe, plane + 0xffff]);
    const those = nonCharacters.filter(([one]) => has(one));
    return [...those, ...(has(first) ? differenceOf([[first, last]], nonCharacters) : [])];
  });
  return unionOf(surveyed, uniform);
}

function textOf(first: number, last: number): string {
  let text = "";
  for (let start = first; start <= last; start += 4_096) {
    text += String.fromCodePoint(...Array.from({ length: Math.min(4_096, last - start + 1) }, (_, index) => start + index));
  }
  return text;
}

function lastCodePoint(text: string): number {
  const pair = text.length > 1 ? (text.codePointAt(text.length - 2) ?? 0) : 0;
  return pair > 0xffff ? pair : text.charCodeAt(text.length - 1);
}

function planesBetween(first: number, last: number): readonly number[] {
  const planes: number[] = [];
  for (let plane = Math.floor(first / 0x1_0000) * 0x1_0000; plane <= last; plane += 0x1_0000) planes.push(plane);
  return planes;
}
