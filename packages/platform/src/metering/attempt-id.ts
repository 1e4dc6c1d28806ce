/** Before a UUIDv7: ids sort by the time at which their attempts began. */
const PREFIX = "att_";
/** Hexadecimal digits of a UUIDv7's time: 48 bits of milliseconds since 1970. */
const TIME_DIGITS = 12;
const DAY_MS = 86_400_000;

/** The id as the database keeps it; `att_` is only shown. */
export function toUuid(attemptId: string): string {
  return attemptId.slice(PREFIX.length);
}

export function fromUuid(uuid: string): string {
  return PREFIX + uuid.replaceAll("-", "");
}

/** The smallest UUID of a moment: a bound for ranges of ids. @param moment milliseconds since 1970. */
export function firstUuidAt(moment: number): string {
  return Math.floor(moment).toString(16).padStart(TIME_DIGITS, "0").padEnd(32, "0");
}

/** When the attempt began, milliseconds since 1970. */
function beganAt(attemptId: string): number {
  return Number.parseInt(toUuid(attemptId).slice(0, TIME_DIGITS), 16);
}

/** The UTC day in which the attempt began, as milliseconds of its midnight. */
export function dayOf(attemptId: string): number {
  return startOfDay(beganAt(attemptId));
}

export function startOfDay(moment: number): number {
  return Math.floor(moment / DAY_MS) * DAY_MS;
}

export function nextDay(day: number): number {
  return day + DAY_MS;
}
