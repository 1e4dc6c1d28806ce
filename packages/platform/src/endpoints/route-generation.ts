import type { Caller } from "../access/caller.ts";
import type { GenerateEvent, GenerateRequest } from "../engine/generation.ts";
import type { Decision } from "../serving/decision.ts";
import type { Generate, Serving } from "../serving/serving.ts";
import { answerHeaders } from "./answer-headers.ts";
import type { EndpointRequest } from "./endpoint.ts";
import { noteDecision, originOf } from "./origin.ts";
import { readRoutingHeaders, routedRequestOf, tierOf } from "./request-routing.ts";

/** A request for text, read out of whatever dialect it came in. */
export interface GenerationCall {
  /** As the client named it. */
  readonly model: string;
  /** Named by the client as well: those that may answer where the first one fails, in order. */
  readonly fallbackModels?: readonly string[] | undefined;
  /** How urgent it is. */
  readonly tier?: GenerateRequest["serviceTier"];
  /** One for each prompt. */
  readonly requests: readonly GenerateRequest[];
  readonly stream: boolean;
  /** Fields that were accepted without effect. */
  readonly ignored: readonly string[];
}

interface Asked {
  readonly request: EndpointRequest;
  readonly caller: Caller | undefined;
  readonly call: GenerationCall;
  /** Its name in the ledger: `chat.completions`. */
  readonly endpoint: string;
  readonly promptParam: Generate["promptParam"];
}

/**
 * What serving is asked for, and the headers of the answer, which are known when it begins.
 * @throws ApiError that names the model, a fallback or a header at fault.
 */
export function routeGeneration(
  serving: Serving,
  { request, caller, call, endpoint, promptParam }: Asked,
): { readonly generation: Generate; readonly headers: () => Record<string, string> } {
  const { requests, ignored, fallbackModels = [], stream } = call;
  const model = serving.find(call.model);
  request.facts.model = model.id;
  const wishes = readRoutingHeaders(request.header);
  let start: Extract<GenerateEvent, { type: "start" }> | undefined;
  let decision: Decision | undefined;
  return {
    generation: {
      model,
      fallbacks: fallbackModels.map((name) => serving.find(name)),
      requests,
      routed: routedRequestOf({ requests, caller, headers: wishes }),
      promptParam,
      origin: originOf(request, { caller, endpoint, streamed: stream }),
      serviceClass: tierOf(wishes, call.tier),
      cache: wishes.cache,
      onStart: (first) => {
        start = first;
      },
      onDecision: (latest) => {
        decision = latest;
        noteDecision(request.facts, latest);
      },
    },
    headers: () => answerHeaders({ modelId: decision?.model ?? model.id, ignored, start, decision }),
  };
}
