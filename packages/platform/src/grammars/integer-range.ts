import { characters, choice, type Expression, NEVER, repeat, sequence } from "./grammar-expression.ts";

/** The integers of a range, both ends included, without leading zeros, `-0` or exponents. */
export function integerRange(min: bigint, max: bigint): Expression {
  if (min > max) return NEVER;
  const negative = min < 0n ? naturalRange(max < 0n ? -max : 1n, -min) : NEVER;
  const natural = max >= 0n ? naturalRange(min > 0n ? min : 0n, max) : NEVER;
  return choice(sequence("-", negative), natural);
}

/** @param min at least 0 */
export function naturalRange(min: bigint, max: bigint): Expression {
  if (min > max) return NEVER;
  const [shortest, longest] = [`${min}`, `${max}`];
  if (shortest.length === longest.length) return sameLength(shortest, longest);
  const first = sameLength(shortest, "9".repeat(shortest.length));
  const last = sameLength(`1${"0".repeat(longest.length - 1)}`, longest);
  const between = sequence(digits("1", "9"), anyDigits(shortest.length, longest.length - 2));
  return choice(first, longest.length - shortest.length > 1 ? between : NEVER, last);
}

export function digits(first: string, last: string): Expression {
  return first > last ? NEVER : characters([[first.charCodeAt(0), last.charCodeAt(0)]]);
}

export function anyDigits(min: number, max: number): Expression {
  return repeat(digits("0", "9"), min, max);
}

export function shifted(digit: string, by: number): string {
  return String.fromCharCode(digit.charCodeAt(0) + by);
}

/** Digit by digit: below the first difference, one of the ends no longer bounds. */
function sameLength(min: string, max: string): Expression {
  if (/^0*$/.test(min) && /^9*$/.test(max)) return anyDigits(min.length, min.length);
  const [low, high] = [min.charAt(0), max.charAt(0)];
  const [lowRest, highRest] = [min.slice(1), max.slice(1)];
  if (low === high) return sequence(low, sameLength(lowRest, highRest));
  const lowIsWhole = /^0*$/.test(lowRest);
  const highIsWhole = /^9*$/.test(highRest);
  const whole = sequence(
    digits(lowIsWhole ? low : shifted(low, 1), highIsWhole ? high : shifted(high, -1)),
    anyDigits(lowRest.length, lowRest.length),
  );
  return choice(
    lowIsWhole ? NEVER : sequence(low, sameLength(lowRest, "9".repeat(lowRest.length))),
    whole,
    highIsWhole ? NEVER : sequence(high, sameLength("0".repeat(highRest.length), highRest)),
  );
}
