import type { Answer, DoorMode } from "./chaos-server.ts";

/** As nothing had been wrong. */
interface Answered {
  readonly kind: "answer";
  /** What the answer says; `SAID` where it is not told. */
  readonly text?: string;
  readonly toolArguments?: readonly string[];
  /** Kinds of the attempts that failed before, as the ledger has them. */
  readonly after?: readonly string[];
  /** For the page, where more is to be said. */
  readonly note?: string;
}

interface Failure {
  readonly status: number;
  readonly code: string;
  /** Kind of the failure, as the ledger has it. */
  readonly ledger: string;
}

/** It failed before it had shown any content. */
interface Failed extends Failure {
  readonly kind: "failure";
  /** Whether another deployment is asked. */
  readonly elsewhere: boolean;
  /** What `retry-after` tells, seconds. */
  readonly retryAfter?: RegExp;
  readonly param?: string;
}

/** It failed in the middle: a stream ends with an error, an answer as a whole is one. */
interface BrokenOff extends Failure {
  readonly kind: "break";
}

export type Expected = Answered | Failed | BrokenOff;

interface CaseTimeouts {
  readonly first_token?: string;
  readonly between_tokens?: string;
  readonly total?: string;
}

export interface ChaosCase {
  /** First part of its upstreams' names. */
  readonly name: string;
  /** Goes on from "The upstream". */
  readonly does: string;
  /** What it does to each request. */
  readonly answer?: Answer;
  readonly isEarly?: boolean;
  /** What it does to connections. */
  readonly door?: DoorMode;
  readonly gets: Expected;
  /** Fields of the request beside its model. */
  readonly asks?: Readonly<Record<string, unknown>>;
  /** Of the upstream; none where it is absent. */
  readonly keys?: readonly string[];
  readonly timeouts?: CaseTimeouts;
  /** It asked to be left alone, or its keys rest: it is used again after that, not at once. */
  readonly restsMs?: number;
}

export interface CaseSection {
  readonly title: string;
  readonly cases: readonly ChaosCase[];
}

const failure =
  (status: number, code: string, ledger: string, elsewhere = true) =>
  (more: Pick<Failed, "retryAfter" | "param"> = {}): Failed => ({ kind: "failure", status, code, ledger, elsewhere, ...more });

/** What clients get of a failure before the first content, by the name that the ledger has for it. */
export const unreachable = failure(503, "model_unavailable", "unreachable");
export const interrupted = failure(502, "upstream_error", "interrupted");
export const unreadable = failure(502, "upstream_error", "bad-response");
export const silent = failure(504, "upstream_timeout", "timeout");
export const keyRefused = failure(502, "upstream_error", "refused");
export const unknownModel = failure(502, "upstream_error", "not-found");
export const limited = failure(429, "rate_limit_exceeded", "rate-limited");
export const overloaded = failure(503, "overloaded", "overloaded");
export const tooLong = failure(400, "context_length_exceeded", "context-overflow");
export const unwanted = failure(400, "content_policy_violation", "content-policy");
/** The client's own mistake: nobody else would take it. */
export const clientsMistake = failure(400, "invalid_value", "invalid-request", false);

/** The same behind the first content. */
export function afterContent({ status, code, ledger }: Failure): BrokenOff {
  return { kind: "break", status, code, ledger };
}

export function answered(more: Omit<Answered, "kind"> = {}): Answered {
  return { kind: "answer", ...more };
}
