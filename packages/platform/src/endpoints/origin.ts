import { type Caller, OPERATOR } from "../access/caller.ts";
import type { Origin } from "../serving/attempt-recorder.ts";
import type { Decision } from "../serving/decision.ts";
import type { EndpointRequest, RequestFacts } from "./endpoint.ts";

/** Who asks, for the ledger. @param endpoint its name there, such as `chat.completions`. */
export function originOf(
  request: EndpointRequest,
  { caller, endpoint, streamed }: { readonly caller: Caller | undefined; readonly endpoint: string; readonly streamed: boolean },
): Origin {
  const { accountId, projectId, keyId } = caller ?? OPERATOR;
  const { id: requestId, trace } = request;
  return { requestId, accountId, projectId, keyId, endpoint, streamed, trace, onAttempt: (result) => noteAttempt(request, result) };
}

/** What the request's log line tells; the attempts of one request add up. */
function noteAttempt({ facts, arrivedAt }: EndpointRequest, result: Parameters<Origin["onAttempt"]>[0]): void {
  const { uncachedPromptTokens, cachedPromptTokens, completionTokens, reasoningTokens, finishReason, firstTokenMs, durationMs } = result;
  if (uncachedPromptTokens !== null) facts.promptTokens = (facts.promptTokens ?? 0) + uncachedPromptTokens + (cachedPromptTokens ?? 0);
  if (completionTokens !== null) facts.completionTokens = (facts.completionTokens ?? 0) + completionTokens + (reasoningTokens ?? 0);
  if (finishReason !== null) facts.finishReason = finishReason;
  if (firstTokenMs === null || durationMs === null) return;
  const beganMs = performance.now() - durationMs - arrivedAt;
  facts.firstTokenMs = Math.min(facts.firstTokenMs ?? Number.POSITIVE_INFINITY, Math.round(beganMs + firstTokenMs));
}

/** What routing decided, for the log line and the request's span; the latest call counts. Also for requests that fail. */
export function noteDecision(facts: RequestFacts, { model, deployment, attempts, queuedMs, cache }: Decision): void {
  facts.model = model;
  facts.deployment = deployment;
  facts.attempts = attempts;
  facts.queuedMs = Math.round(queuedMs);
  if (cache !== undefined) facts.cache = cache.hit ? "hit" : "miss";
}
