/** Headers of a request as Node gives them: lower-case names, repeated ones joined. */
export type IncomingHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Where a request stands in its caller's trace: W3C Trace Context, level 1. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the caller's span. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** The header as it came. */
  readonly traceparent: string;
  /** What other tracers noted, as it came; undefined when absent or malformed. */
  readonly tracestate: string | undefined;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED_FLAG = 0x01;
const STATE_KEY = /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/;
/** Printable ASCII without comma and equals sign, not ending in a space. */
const STATE_VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MOST_STATE_MEMBERS = 32;
/** Twice what every tracer has to pass on. */
const MOST_STATE_CHARACTERS = 1_024;

/** Undefined when there is no valid `traceparent`: a malformed one is ignored, as the standard asks. */
export function readTraceContext(headers: IncomingHeaders): TraceContext | undefined {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== "string") return undefined;
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(traceparent) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  // Later versions may append fields; version ff is forbidden.
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (isZero(traceId) || isZero(spanId)) return undefined;
  return {
    traceId,
    spanId,
    sampled: (Number.parseInt(flags, 16) & SAMPLED_FLAG) !== 0,
    traceparent,
    tracestate: typeof tracestate === "string" && isTraceState(tracestate) ? tracestate : undefined,
  };
}

export function formatTraceparent({ traceId, spanId, sampled }: Pick<TraceContext, "traceId" | "spanId" | "sampled">): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** For a call that belongs to the trace. */
export function traceHeaders(traceparent: string, tracestate: string | undefined): Readonly<Record<string, string>> {
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}

function isTraceState(text: string): boolean {
  if (text.length > MOST_STATE_CHARACTERS) return false;
  const members = text
    .split(",")
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((member) => member !== "");
  if (members.length === 0 || members.length > MOST_STATE_MEMBERS) return false;
  const keys = new Set<string>();
  for (const member of members) {
    const [key = "", value = "", ...more] = member.split("=");
    if (more.length > 0 || !STATE_KEY.test(key) || !STATE_VALUE.test(value) || keys.has(key)) return false;
    keys.add(key);
  }
  return true;
}

function isZero(hexadecimal: string): boolean {
  return /^0+$/.test(hexadecimal);
}
