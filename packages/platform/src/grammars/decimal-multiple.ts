import { decimalBound } from "./decimal-range.ts";

/** An exact decimal: digits × 10^-scale. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

export function decimalOf(value: number): Decimal {
  const { negative, integer, fraction } = decimalBound(value, false);
  const digits = BigInt(`${integer}${fraction}`);
  return { digits: negative ? -digits : digits, scale: fraction.length };
}

/** The same value with more digits after the point. */
export function scaledTo({ digits, scale }: Decimal, wanted: number): bigint {
  return digits * 10n ** BigInt(wanted - scale);
}

export function isMultiple(value: number, of: number): boolean {
  const [a, b] = [decimalOf(value), decimalOf(of)];
  const scale = Math.max(a.scale, b.scale);
  return scaledTo(a, scale) % scaledTo(b, scale) === 0n;
}

/** The k of 10^k, also for a negative one. */
export function powerOfTen(value: number): number | undefined {
  const { digits, scale } = decimalOf(value);
  const text = `${digits}`;
  return /^10*$/.test(text) ? text.length - 1 - scale : undefined;
}

/** The smallest number that is a multiple of both. */
export function leastCommonMultiple(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  const [left, right] = [scaledTo(a, scale), scaledTo(b, scale)];
  return shortest({ digits: (left / greatestCommonDivisor(left, right)) * right, scale });
}

export function writeDecimal({ digits, scale }: Decimal): string {
  if (scale === 0) return `${digits}`;
  const text = `${digits < 0n ? -digits : digits}`.padStart(scale + 1, "0");
  const fraction = text.slice(-scale).replace(/0+$/, "");
  return `${digits < 0n ? "-" : ""}${text.slice(0, -scale)}${fraction === "" ? "" : `.${fraction}`}`;
}

export function floorDivide(a: bigint, b: bigint): bigint {
  return a % b < 0n ? a / b - 1n : a / b;
}

export function ceilDivide(a: bigint, b: bigint): bigint {
  return -floorDivide(-a, b);
}

function shortest({ digits, scale }: Decimal): Decimal {
  return scale > 0 && digits % 10n === 0n ? shortest({ digits: digits / 10n, scale: scale - 1 }) : { digits, scale };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}
