/** Whether two values are the same JSON; the order of an object's keys tells nothing. */
export function sameJson(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

/** Whether a list has a value that is the same JSON. */
export function includesJson(list: readonly unknown[], value: unknown): boolean {
  const known = CANONICAL.get(list) ?? new Set(list.map(canonicalJson));
  CANONICAL.set(list, known);
  return known.has(canonicalJson(value));
}

/** Of lists that are asked about again and again. */
const CANONICAL = new WeakMap<readonly unknown[], ReadonlySet<string>>();

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return value === 0 ? "0" : JSON.stringify(value);
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
}
