/** Until when a key is not used, and why. */
export interface KeyRest {
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly kind: "refused" | "rate-limited";
}

interface RestRule {
  readonly kind: KeyRest["kind"];
  /** Whether it is the key itself that is not wanted, or only what it was used for. */
  readonly scope: "key" | "model";
  /** While other keys answer, this one is left alone for so long. */
  readonly ms: number;
  /** When no other is left, it is tried again soon: somebody may have mended it over there. */
  readonly lastMs: number;
}

const REFUSED = { kind: "refused", ms: 600_000, lastMs: 10_000 } as const;

const UNREADABLE: RestRule = { ...REFUSED, scope: "key" };

const RULES: Readonly<Record<number, RestRule>> = {
  401: { ...REFUSED, scope: "key" },
  402: { ...REFUSED, scope: "key" },
  403: { ...REFUSED, scope: "model" },
  429: { kind: "rate-limited", scope: "model", ms: 30_000, lastMs: 1_000 },
};

export interface Refusal {
  /** Undefined: it could not even be read. */
  readonly status: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly othersAreLeft: boolean;
  readonly now: number;
}

/** How long a key rests after an answer; undefined for a status that says nothing of the key. */
export function restAfter({ status, retryAfterMs, othersAreLeft, now }: Refusal): (KeyRest & { scope: RestRule["scope"] }) | undefined {
  const rule = status === undefined ? UNREADABLE : RULES[status];
  if (rule === undefined) return undefined;
  const told = rule.kind === "rate-limited" ? retryAfterMs : undefined;
  return { until: now + (told ?? (othersAreLeft ? rule.ms : rule.lastMs)), kind: rule.kind, scope: rule.scope };
}
