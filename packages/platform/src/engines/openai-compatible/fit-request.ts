import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateRequest } from "../../engine/generation.ts";
import { REQUEST_FIELDS, type RequestField } from "./request-fields.ts";
import type { UpstreamProfile } from "./upstream-profile.ts";

interface FittedRequest {
  readonly request: GenerateRequest;
  /** What was left out, in the client's spelling. */
  readonly ignored: readonly string[];
}

/**
 * What of a request an upstream can be sent. What it lacks is left out where it cannot change the answer's tokens, or asks for nothing.
 * @throws EngineError `unsupported` where it can.
 */
export function fitRequest(
  asked: GenerateRequest,
  { lacks, mostAlternatives }: Pick<UpstreamProfile, "lacks" | "mostAlternatives">,
): FittedRequest {
  let request = asked;
  const ignored: string[] = [];
  for (const name of lacks) {
    const field: RequestField = REQUEST_FIELDS[name];
    if (!field.isAsked(asked)) continue;
    if (field.neutral?.is(asked) === true) {
      request = field.neutral.leaveOut(request);
      continue;
    }
    const param = field.param(asked);
    if (field.leaveOut === undefined)
      throw new EngineError("unsupported", `The engine behind this model does not support '${param}'.`, { param });
    ignored.push(param);
    request = field.leaveOut(request);
  }
  const alternatives = asked.logprobs?.alternatives ?? 0;
  if (mostAlternatives !== undefined && alternatives > mostAlternatives) {
    const param = asked.prompt.kind === "chat" ? "top_logprobs" : "logprobs";
    throw new EngineError("unsupported", `The engine behind this model tells at most ${mostAlternatives} alternatives ('${param}').`, {
      param,
    });
  }
  return { request, ignored };
}
