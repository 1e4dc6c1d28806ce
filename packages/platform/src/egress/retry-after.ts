import type { IncomingHttpHeaders } from "node:http";

/** Longer than anybody waits: a server that says so means that it does not know. */
const LONGEST_MS = 24 * 3_600_000;

/** RFC 9110, section 10.2.3: seconds or a date; and `retry-after-ms`, which OpenAI and Azure send beside it and which is more exact. */
export function readRetryAfterMs(headers: IncomingHttpHeaders, now: number): number | undefined {
  const exact = readNumber(headers["retry-after-ms"]);
  if (exact !== undefined) return clamp(exact);
  const value = headers["retry-after"];
  const seconds = readNumber(value);
  if (seconds !== undefined) return clamp(seconds * 1_000);
  const date = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(date) ? undefined : clamp(date - now);
}

function readNumber(value: string | string[] | undefined): number | undefined {
  return typeof value === "string" && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}

function clamp(ms: number): number {
  return Math.min(LONGEST_MS, Math.max(0, Math.round(ms)));
}
