import { choice, EMPTY, type Expression, NEVER, optional, sequence } from "./grammar-expression.ts";
import { anyDigits, digits, naturalRange, shifted } from "./integer-range.ts";

/** One end of a range of decimals. */
export interface DecimalBound {
  readonly negative: boolean;
  readonly integer: bigint;
  /** The digits after the point, without zeros at the end. */
  readonly fraction: string;
  readonly exclusive: boolean;
}

/** The shortest decimal that is this number, which is what people wrote. */
export function decimalBound(value: number, exclusive: boolean): DecimalBound {
  const [mantissa = "0", exponent = "0"] = Math.abs(value).toString().split("e");
  const [integer = "0", fraction = ""] = mantissa.split(".");
  const shift = Number(exponent);
  const allDigits = integer + fraction;
  const point = integer.length + shift;
  const whole = point <= 0 ? "0" : allDigits.slice(0, point).padEnd(point, "0");
  const rest = point <= 0 ? allDigits.padStart(allDigits.length - point, "0") : allDigits.slice(point);
  return { negative: value < 0, integer: BigInt(whole), fraction: rest.replace(/0+$/, ""), exclusive };
}

/**
 * The decimals of a range with at most so many digits after the point, without exponents: those between two bounds digit by digit.
 * Zero has no sign.
 */
export function decimalRange(min: DecimalBound, max: DecimalBound, mostFractionDigits: number): Expression {
  const zero = (exclusive: boolean): DecimalBound => ({ negative: false, integer: 0n, fraction: "", exclusive });
  const negative = min.negative ? magnitudes(max.negative ? max : zero(true), min, mostFractionDigits) : NEVER;
  const natural = max.negative ? NEVER : magnitudes(min.negative ? zero(false) : min, max, mostFractionDigits);
  return choice(sequence("-", negative), natural);
}

function magnitudes(min: DecimalBound, max: DecimalBound, room: number): Expression {
  if (min.integer > max.integer) return NEVER;
  if (min.integer === max.integer) return sequence(`${min.integer}`, fractionBetween(min, max, room));
  return choice(
    sequence(`${min.integer}`, fractionFrom(min, room)),
    sequence(naturalRange(min.integer + 1n, max.integer - 1n), anyFraction(room)),
    sequence(`${max.integer}`, fractionUpTo(max, room)),
  );
}

/** With the point, or nothing. */
function anyFraction(room: number): Expression {
  return optional(sequence(".", anyDigits(1, room)));
}

function fractionFrom({ fraction, exclusive }: DecimalBound, room: number): Expression {
  if (fraction === "" && !exclusive) return anyFraction(room);
  return sequence(".", digitsFrom(fraction, exclusive, room));
}

function fractionUpTo({ fraction, exclusive }: DecimalBound, room: number): Expression {
  const none = fraction === "" && exclusive ? NEVER : EMPTY;
  return choice(none, sequence(".", digitsUpTo(fraction, exclusive, room, "some")));
}

function fractionBetween(min: DecimalBound, max: DecimalBound, room: number): Expression {
  const zeroIsEnough = min.fraction === "" && !min.exclusive && !(max.fraction === "" && max.exclusive);
  return choice(zeroIsEnough ? EMPTY : NEVER, sequence(".", digitsBetween(min, max, room, "some")));
}

/** Digits that make at least this fraction; all shorter ones are less, for it does not end in zeros. */
function digitsFrom(fraction: string, exclusive: boolean, room: number): Expression {
  if (fraction === "") return exclusive ? notZero(room) : anyDigits(0, room);
  if (room === 0) return NEVER;
  const digit = fraction.charAt(0);
  return choice(
    sequence(digits(shifted(digit, 1), "9"), anyDigits(0, room - 1)),
    sequence(digit, digitsFrom(fraction.slice(1), exclusive, room - 1)),
  );
}

function digitsUpTo(fraction: string, exclusive: boolean, room: number, count: "some" | "any"): Expression {
  const none = count === "any" && !(fraction === "" && exclusive) ? EMPTY : NEVER;
  if (room === 0) return none;
  if (fraction === "") return exclusive ? NEVER : zeros(count === "some" ? 1 : 0, room);
  const digit = fraction.charAt(0);
  return choice(
    none,
    sequence(digits("0", shifted(digit, -1)), anyDigits(0, room - 1)),
    sequence(digit, digitsUpTo(fraction.slice(1), exclusive, room - 1, "any")),
  );
}

/** An end that has no digits left goes on with zeros. */
function digitsBetween(
  min: Pick<DecimalBound, "fraction" | "exclusive">,
  max: Pick<DecimalBound, "fraction" | "exclusive">,
  room: number,
  count: "some" | "any",
): Expression {
  const atMin = min.fraction === "" && !min.exclusive;
  const none = count === "any" && atMin && !(max.fraction === "" && max.exclusive) ? EMPTY : NEVER;
  if (room === 0) return none;
  if (min.fraction === "" && max.fraction === "") return atMin && !max.exclusive ? zeros(count === "some" ? 1 : 0, room) : NEVER;
  const [low, high] = [min.fraction.charAt(0) || "0", max.fraction.charAt(0) || "0"];
  const [lowRest, highRest] = [
    { ...min, fraction: min.fraction.slice(1) },
    { ...max, fraction: max.fraction.slice(1) },
  ];
  if (low > high) return none;
  if (low === high) return choice(none, sequence(low, digitsBetween(lowRest, highRest, room - 1, "any")));
  return choice(
    none,
    sequence(low, digitsFrom(lowRest.fraction, lowRest.exclusive, room - 1)),
    sequence(digits(shifted(low, 1), shifted(high, -1)), anyDigits(0, room - 1)),
    sequence(high, digitsUpTo(highRest.fraction, highRest.exclusive, room - 1, "any")),
  );
}

function notZero(room: number): Expression {
  if (room === 0) return NEVER;
  return choice(sequence(digits("1", "9"), anyDigits(0, room - 1)), sequence("0", notZero(room - 1)));
}

function zeros(min: number, room: number): Expression {
  return sequence("0".repeat(min), ...Array.from({ length: Math.min(1, room - min) }, () => optional(sequence("0"))));
}
