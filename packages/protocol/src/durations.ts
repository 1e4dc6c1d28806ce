import { z } from "zod";

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PATTERN = new RegExp(`^(\\d{1,9}(?:\\.\\d{1,6})?) ?(${Object.keys(MILLISECONDS).join("|")})$`);
const EXPECTED = "a duration such as 500ms, 30s, 5m or 1h";

/** A text such as `30s`, `1.5h`, as it is written in settings and resources. */
export const durationText = z.string(EXPECTED).regex(PATTERN, EXPECTED);

/** Milliseconds of a text that `durationText` has taken. */
export function durationMs(text: string): number {
  const [, number, unit = ""] = PATTERN.exec(text) ?? [];
  return Math.round(Number(number) * (MILLISECONDS[unit] ?? Number.NaN));
}
