/** As an HTTP client hands them over, names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

interface HintSources {
  /** From `Retry-After`; 0 says nothing. */
  readonly retryAfterMs: number | undefined;
  /** From the body: `34s`. */
  readonly retryDelay: string | undefined;
  readonly message: string | undefined;
  readonly headers: AnswerHeaders;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What is said to take longer is a mistake about units. */
const LONGEST_MS = 86_400_000;

/** `Please try again in 1.898s`, `Try again in 35 seconds`. */
const IN_WORDS = /(?:try again|retry) (?:in|after) ([\d.]+ ?(?:ms|milliseconds?|seconds?|minutes?|hours?|[smh])(?:[\d.]+[smh])*)/i;

/** When a call may be made again, by the best of what the other side tells; undefined where it tells nothing. */
export function readRetryHint({ retryAfterMs, retryDelay, message, headers, now }: HintSources): number | undefined {
  const inWords = IN_WORDS.exec(message ?? "")?.[1];
  const told = [
    retryAfterMs,
    retryDelay === undefined ? undefined : durationOf(retryDelay),
    inWords === undefined ? undefined : durationOf(inWords),
    resetOf(headers, now),
  ];
  return told.find((hint) => hint !== undefined && hint > 0 && hint <= LONGEST_MS);
}

/** `x-ratelimit-reset-tokens`, `x-ratelimit-reset`, `anthropic-ratelimit-requests-reset`. */
const RESET = /^(?:x|anthropic)-ratelimit-(?:reset(?:-(?<last>[\w-]+))?|(?<middle>[\w-]+)-reset)$/;

/** The longest wait among the limits that are used up; limits of which something remains are no reason to wait. */
function resetOf(headers: AnswerHeaders, now: number): number | undefined {
  const waits = Object.entries(headers).flatMap(([name, value]) => {
    const groups = RESET.exec(name)?.groups;
    if (groups === undefined || typeof value !== "string") return [];
    const limit = groups.last ?? groups.middle;
    const remaining = limit === undefined ? headers["x-ratelimit-remaining"] : remainingOf(headers, limit);
    const wait = typeof remaining === "string" && Number(remaining) > 0 ? undefined : waitUntil(value, now);
    return wait === undefined ? [] : [wait];
  });
  return waits.length === 0 ? undefined : Math.max(...waits);
}

function remainingOf(headers: AnswerHeaders, limit: string): unknown {
  return headers[`x-ratelimit-remaining-${limit}`] ?? headers[`anthropic-ratelimit-${limit}-remaining`];
}

/** Numbers from here on are times, not durations: seconds, or milliseconds, since 1970. */
const EPOCH_SECONDS = 1e9;
const EPOCH_MS = 1e11;

/** `6m0s`, `1.57s`, `120ms`, seconds, a time in seconds or milliseconds since 1970, or a date. */
function waitUntil(value: string, now: number): number | undefined {
  const number = Number(value);
  if (value.trim() !== "" && Number.isFinite(number)) {
    if (number >= EPOCH_MS) return Math.max(0, number - now);
    return number >= EPOCH_SECONDS ? Math.max(0, number * 1_000 - now) : number * 1_000;
  }
  const duration = durationOf(value);
  if (duration !== undefined) return duration;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const PART = /([\d.]+) ?(milliseconds?|ms|s(?:econds?)?|m(?:inutes?)?|h(?:ours?)?)/gi;
const WHOLE = /^(?:[\d.]+ ?(?:milliseconds?|ms|s(?:econds?)?|m(?:inutes?)?|h(?:ours?)?))+$/i;

/** Durations as Go writes them, and in words. */
function durationOf(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit = ""] of text.matchAll(PART)) {
    const short = /^mi?l|^ms/i.test(unit) ? "ms" : unit.charAt(0).toLowerCase();
    totalMs += Number(amount) * (UNITS_MS[short] ?? Number.NaN);
  }
  return Number.isFinite(totalMs) ? totalMs : undefined;
}
