import {
  ceilDivide,
  type Decimal,
  decimalOf,
  floorDivide,
  leastCommonMultiple,
  powerOfTen,
  scaledTo,
  writeDecimal,
} from "./decimal-multiple.ts";
import { type DecimalBound, decimalBound, decimalRange } from "./decimal-range.ts";
import { choice, type Expression, literal, NEVER, sequence } from "./grammar-expression.ts";
import { integerRange } from "./integer-range.ts";
import { anyJsonInteger, anyJsonNumber } from "./json-grammar.ts";
import type { SchemaNode } from "./json-schema-document.ts";
import { isIntegerFormat, type NumberBound, type NumberBounds, numberBounds } from "./number-bounds.ts";
import type { SchemaCompilation } from "./schema-compilation.ts";

/** Decimals of so many digits are told apart by every JSON library, so that a bound on the text is one on the number that is read. */
const EXACT_DIGITS = 15;
/** Doubles end at 1.8e308. */
const MOST_DIGITS = 308;
/** Multiples are written out when there are no more of them. */
const MOST_MULTIPLES = 512;
/** Validators divide doubles to find multiples of fractions: up to this quotient the error stays below 1e-6. */
const LARGEST_QUOTIENT = 1e9;

/** A JSON number without exponent, where anything bounds it. */
export function numberExpression(nodes: readonly SchemaNode[], integersOnly: boolean, compilation: SchemaCompilation): Expression {
  const bounds = numberBounds(nodes);
  const integers = integersOnly || nodes.some(({ keywords }) => isIntegerFormat(keywords.format));
  const step = stepOf(nodes, integers);
  return step === undefined ? within(bounds, integers, compilation) : multiples(step, nodes, bounds, integers, compilation);
}

function within(bounds: NumberBounds, integers: boolean, { grammar }: SchemaCompilation): Expression {
  if (bounds.min === undefined && bounds.max === undefined) return integers ? anyJsonInteger(grammar) : anyJsonNumber(grammar);
  return integers ? integersWithin(bounds) : decimalsWithin(bounds);
}

/** What all numbers are multiples of; undefined when they need not be of anything. */
function stepOf(nodes: readonly SchemaNode[], integers: boolean): Decimal | undefined {
  const steps = nodes.flatMap(({ keywords }) => (keywords.multipleOf === undefined ? [] : [decimalOf(keywords.multipleOf)]));
  if (steps.length === 0) return undefined;
  const one = integers ? [decimalOf(1)] : [];
  const step = [...steps, ...one].reduce(leastCommonMultiple);
  return integers && step.digits === 1n && step.scale === 0 && steps.every(({ scale }) => scale === 0) ? undefined : step;
}

function multiples(
  step: Decimal,
  nodes: readonly SchemaNode[],
  bounds: NumberBounds,
  integers: boolean,
  compilation: SchemaCompilation,
): Expression {
  const fractional = nodes.some(({ keywords }) => keywords.multipleOf !== undefined && !Number.isInteger(keywords.multipleOf));
  const smallest = Math.min(...nodes.map(({ keywords }) => keywords.multipleOf ?? Number.POSITIVE_INFINITY));
  const farthest = fractional ? LARGEST_QUOTIENT * Math.min(1, smallest) : 10 ** EXACT_DIGITS - 1;
  const quotients = quotientRange(step, bounds, farthest);
  if (quotients.min > quotients.max) return NEVER;
  const exponent = powerOfTen(Number(writeDecimal(step)));
  if (exponent !== undefined && exponent >= 0) {
    const zeros = "0".repeat(exponent);
    const positive = quotients.min <= 0n && quotients.max >= 0n ? literal("0") : NEVER;
    const negatives = integerRange(quotients.min, quotients.max < -1n ? quotients.max : -1n);
    return choice(
      sequence(negatives, zeros),
      positive,
      sequence(integerRange(quotients.min > 1n ? quotients.min : 1n, quotients.max), zeros),
    );
  }
  if (quotients.max - quotients.min < MOST_MULTIPLES) {
    const count = Number(quotients.max - quotients.min) + 1;
    return choice(
      ...Array.from({ length: count }, (_, index) => writeDecimal({ ...step, digits: step.digits * (quotients.min + BigInt(index)) })),
    );
  }
  if (exponent !== undefined) return decimalRange(...closed(bounds, farthest), -exponent);
  for (const { path, keywords } of nodes) {
    if (keywords.multipleOf === undefined) continue;
    compilation.reportShortfall(
      "multipleOf",
      path,
      `Multiples of ${keywords.multipleOf} can be enforced within bounds that hold at most ${MOST_MULTIPLES}.`,
    );
  }
  return within(bounds, integers || step.scale === 0, compilation);
}

/** The first and the last n for which n × step lies within the bounds. */
function quotientRange(step: Decimal, bounds: NumberBounds, farthest: number): { readonly min: bigint; readonly max: bigint } {
  const quotient = (value: number, round: (a: bigint, b: bigint) => bigint): { n: bigint; exact: boolean } => {
    const decimal = decimalOf(value);
    const scale = Math.max(decimal.scale, step.scale);
    const [a, b] = [scaledTo(decimal, scale), scaledTo(step, scale)];
    return { n: round(a, b), exact: a % b === 0n };
  };
  const first = quotient(Math.max(bounds.min?.value ?? -farthest, -farthest), ceilDivide);
  const last = quotient(Math.min(bounds.max?.value ?? farthest, farthest), floorDivide);
  const excludesFirst = first.exact && bounds.min?.exclusive === true && bounds.min.value >= -farthest;
  const excludesLast = last.exact && bounds.max?.exclusive === true && bounds.max.value <= farthest;
  return { min: excludesFirst ? first.n + 1n : first.n, max: excludesLast ? last.n - 1n : last.n };
}

function integersWithin({ min, max }: NumberBounds): Expression {
  const lowest = min === undefined ? undefined : lowestInteger(min);
  const highest = max === undefined ? undefined : -lowestInteger({ ...max, value: -max.value });
  return integerRange(lowest ?? -farEnd(highest === undefined ? 0n : -highest), highest ?? farEnd(lowest ?? 0n));
}

/** The smallest integer that is read as a number above the bound. */
function lowestInteger({ value, exclusive }: NumberBound): bigint {
  const integer = BigInt(Math.ceil(value));
  if (!exclusive || !Number.isInteger(value)) return integer;
  // Far from zero several integers are read as the same double: two steps of doubles away they are not.
  const magnitude = integer < 0n ? -integer : integer;
  return integer + 1n + (Number.isSafeInteger(value) ? 0n : magnitude / 2n ** 51n);
}

/** Where numbers end that nothing bounds: at the exact ones, or one digit after the other bound. */
function farEnd(other: bigint): bigint {
  const digits = Math.max(EXACT_DIGITS, other <= 0n ? 0 : `${other}`.length + 1);
  const end = 10n ** BigInt(Math.min(MOST_DIGITS, digits)) - 1n;
  return end > other ? end : other;
}

function decimalsWithin(bounds: NumberBounds): Expression {
  const given = [bounds.min, bounds.max].flatMap((bound) => bound ?? []);
  const ends = given.map(({ value, exclusive }) => decimalBound(value, exclusive));
  const integerDigits = Math.max(...ends.map(({ integer }) => `${integer}`.length));
  // A bound that is included can be written as it is, however long.
  const fractionDigits = ends.some(({ exclusive }) => exclusive) ? 0 : Math.max(...ends.map(({ fraction }) => fraction.length));
  const room = Math.max(EXACT_DIGITS - integerDigits, fractionDigits);
  if (room <= 0) return integersWithin(bounds);
  return decimalRange(...closed(bounds, 10 ** EXACT_DIGITS - 1), room);
}

/** Both ends, none farther than `farthest` unless the schema says so. */
function closed({ min, max }: NumberBounds, farthest: number): readonly [DecimalBound, DecimalBound] {
  const low = min === undefined || min.value < -farthest ? { value: -farthest, exclusive: false } : min;
  const high = max === undefined || max.value > farthest ? { value: farthest, exclusive: false } : max;
  return [decimalBound(low.value, low.exclusive), decimalBound(high.value, high.exclusive)];
}
