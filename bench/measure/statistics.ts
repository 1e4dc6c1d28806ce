/** Milliseconds, or whatever the values were measured in. */
export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Nearest rank. NaN for no values, so that a missing measurement can never pass a budget. */
export function quantile(ascending: readonly number[], part: number): number {
  const rank = Math.max(1, Math.ceil(ascending.length * part));
  return ascending[rank - 1] ?? Number.NaN;
}

export function quantiles(values: readonly number[]): Quantiles {
  const ascending = [...values].sort((a, b) => a - b);
  return { p50: quantile(ascending, 0.5), p90: quantile(ascending, 0.9), p99: quantile(ascending, 0.99), max: quantile(ascending, 1) };
}

/** The middle value, or the mean of the two in the middle. NaN for no values. */
export function median(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  const middle = ascending.length / 2;
  return ((ascending[Math.ceil(middle) - 1] ?? Number.NaN) + (ascending[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** Of the straight line with the least squares, in units of `y` for each unit of `x`. NaN for fewer than two points. */
export function slope(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const spread = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  return x.reduce((sum, value, index) => sum + (value - meanX) * ((y[index] ?? Number.NaN) - meanY), 0) / spread;
}
