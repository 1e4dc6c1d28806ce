import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateRequest } from "../../engine/generation.ts";
import type { UpstreamProfile } from "./profiles.ts";
import { REQUEST_FIELDS, type RequestField } from "./request-fields.ts";

interface FittedRequest {
  readonly request: GenerateRequest;
  /** What was left out, in the client's spelling. */
  readonly ignored: readonly string[];
}

/**
 * What of a request an upstream can be sent. What it lacks is left out where it cannot change the answer's tokens.
 * @throws EngineError `unsupported` where it can.
 */
export function fitRequest(asked: GenerateRequest, { lacks }: Pick<UpstreamProfile, "lacks">): FittedRequest {
  let request = asked;
  const ignored: string[] = [];
  for (const name of lacks) {
    const field: RequestField = REQUEST_FIELDS[name];
    if (!field.isAsked(asked)) continue;
    const param = field.param(asked);
    if (field.leaveOut === undefined)
      throw new EngineError("unsupported", `The engine behind this model does not support '${param}'.`, { param });
    ignored.push(param);
    request = field.leaveOut(request);
  }
  return { request, ignored };
}
