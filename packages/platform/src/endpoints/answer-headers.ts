import type { GenerateEvent } from "../engine/generation.ts";
import type { Decision } from "../serving/decision.ts";
import type { RequestFacts } from "./endpoint.ts";

type Start = Extract<GenerateEvent, { type: "start" }>;

interface AnswerFacts {
  /** What the name resolved to. */
  readonly modelId: string;
  /** Fields that were accepted without effect. */
  readonly ignored: readonly string[];
  readonly start?: Start | undefined;
  /** Undefined as long as nothing is decided, and where there was nothing to decide. */
  readonly decision?: Decision | undefined;
}

/** Longer lists are cut: proxies refuse large headers. */
const MOST_CHARACTERS = 1_000;

/** Headers of an answer that a model gave: what the name resolved to, which fields had no effect, what of a format is not enforced, who answered. */
export function answerHeaders({ modelId, ignored, start, decision }: AnswerFacts): Record<string, string> {
  const withoutEffect = [...new Set([...ignored, ...(start?.ignored ?? [])])];
  const unenforced = start?.unenforced ?? [];
  return {
    "x-bonfire-model": headerText(modelId),
    ...(withoutEffect.length === 0 ? {} : { "x-bonfire-ignored": headerText(withoutEffect.join(", ")) }),
    ...(unenforced.length === 0 ? {} : { "x-bonfire-unenforced": headerText(unenforced.join(", ")) }),
    ...(decision === undefined ? {} : decisionHeaders(decision)),
  };
}

/** The same of a request that failed: where it had gone until then. */
export function wayHeaders({ deployment, attempts = 0, queuedMs = 0 }: RequestFacts): Record<string, string> {
  return deployment === undefined ? {} : decisionHeaders({ deployment, attempts, queuedMs, cache: undefined });
}

function decisionHeaders({ deployment, attempts, queuedMs, cache }: Omit<Decision, "model">): Record<string, string> {
  const wholeMs = Math.round(queuedMs);
  return {
    "x-bonfire-deployment": headerText(deployment),
    "x-bonfire-attempts": String(attempts),
    ...(wholeMs > 0 ? { "x-bonfire-queue-ms": String(wholeMs) } : {}),
    ...(cache === undefined ? {} : { "x-bonfire-cache": cache.hit ? "hit" : "miss" }),
    // Seconds since the answer was stored (RFC 9111, section 5.1).
    ...(cache?.hit ? { age: String(Math.max(0, Math.floor(cache.ageMs / 1_000))) } : {}),
  };
}

const PLAIN = /^[\x20-\x7e]*$/;

/** Names of fields and properties come from the client: what a header cannot hold is percent-encoded (RFC 3986). */
function headerText(text: string): string {
  if (text.length <= MOST_CHARACTERS && PLAIN.test(text)) return text;
  return text
    .toWellFormed()
    .slice(0, MOST_CHARACTERS)
    .toWellFormed()
    .replaceAll(/[^\x20-\x7e]/gu, (character) => encodeURIComponent(character));
}
