import type { SchemaNode } from "./json-schema-document.ts";

export interface NumberBounds {
  readonly min: NumberBound | undefined;
  readonly max: NumberBound | undefined;
}

export interface NumberBound {
  readonly value: number;
  readonly exclusive: boolean;
}

/** Formats that bound numbers, as ajv-formats has them. */
const NUMERIC_FORMATS: Readonly<Record<string, NumberBounds>> = {
  int32: { min: { value: -(2 ** 31), exclusive: false }, max: { value: 2 ** 31 - 1, exclusive: false } },
  int64: { min: undefined, max: undefined },
  float: { min: undefined, max: undefined },
  double: { min: undefined, max: undefined },
};

export function numericFormat(format: string): NumberBounds | undefined {
  return Object.hasOwn(NUMERIC_FORMATS, format) ? NUMERIC_FORMATS[format] : undefined;
}

/** Of these formats, the ones that only integers have. */
export function isIntegerFormat(format: string | undefined): boolean {
  return format === "int32" || format === "int64";
}

/** The tightest of all. */
export function numberBounds(nodes: readonly SchemaNode[]): NumberBounds {
  const lower: NumberBound[] = [];
  const upper: NumberBound[] = [];
  for (const { keywords } of nodes) {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, format } = keywords;
    if (minimum !== undefined) lower.push({ value: minimum, exclusive: false });
    if (maximum !== undefined) upper.push({ value: maximum, exclusive: false });
    if (exclusiveMinimum !== undefined) lower.push({ value: exclusiveMinimum, exclusive: true });
    if (exclusiveMaximum !== undefined) upper.push({ value: exclusiveMaximum, exclusive: true });
    const bounds = format === undefined ? undefined : numericFormat(format);
    if (bounds?.min !== undefined) lower.push(bounds.min);
    if (bounds?.max !== undefined) upper.push(bounds.max);
  }
  const [min] = lower.sort((a, b) => b.value - a.value || Number(b.exclusive) - Number(a.exclusive));
  const [max] = upper.sort((a, b) => a.value - b.value || Number(b.exclusive) - Number(a.exclusive));
  return { min, max };
}

export function isWithinBounds(value: number, { min, max }: NumberBounds): boolean {
  if (min !== undefined && (value < min.value || (min.exclusive && value === min.value))) return false;
  return max === undefined || value < max.value || (!max.exclusive && value === max.value);
}
