const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
const TIME_UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** `1.50 GiB`: three digits that count. */
export function bytes(count: number): string {
  const power = count < 1_000 ? 0 : Math.min(Math.floor(Math.log(count * 1.024) / Math.log(1_024)), BYTE_UNITS.length - 1);
  if (power === 0) return `${count} B`;
  const value = count / 1_024 ** power;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${BYTE_UNITS[power]}`;
}

/** `2 h 5 min`: the two largest units. */
export function timeSpan(seconds: number): string {
  const first = TIME_UNITS.findIndex(([, size]) => seconds >= size);
  if (first < 0) return "0 s";
  let rest = Math.floor(seconds);
  const parts: string[] = [];
  for (const [unit, size] of TIME_UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(" ");
}

/** `5 min ago`; both in Unix seconds. */
export function ago(then: number, now: number): string {
  return now - then < 1 ? "now" : `${timeSpan(now - then)} ago`;
}

/** Unix seconds as `2026-01-31 12:00`, UTC. */
export function dateTime(unixSeconds: number): string {
  return new Date(unixSeconds * 1_000).toISOString().slice(0, 16).replace("T", " ");
}
