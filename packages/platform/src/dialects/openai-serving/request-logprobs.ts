import { ApiError } from "@bonfire/protocol/errors";
import type { SamplingBody } from "@bonfire/protocol/text-generation";
import type { GenerateRequest } from "../../engine/generation.ts";

type LogprobBody = Pick<SamplingBody, "logprobs" | "top_logprobs" | "prompt_logprobs" | "echo" | "raw_output">;

/** What to tell beside the text. A number in `logprobs` asks for so many alternatives, `true` for `top_logprobs` of them. @throws ApiError */
export function readLogprobOptions(body: LogprobBody): Pick<GenerateRequest, "logprobs" | "echo"> {
  const { logprobs, top_logprobs, prompt_logprobs } = body;
  const isAsked = logprobs === true || typeof logprobs === "number";
  if (!isAsked && top_logprobs) {
    throw new ApiError("invalid_value", "'top_logprobs' is only allowed when 'logprobs' is true.", { param: "top_logprobs" });
  }
  const ofAnswer = isAsked ? { alternatives: top_logprobs ?? (typeof logprobs === "number" ? logprobs : 0) } : undefined;
  const ofPrompt = typeof prompt_logprobs === "number" ? { alternatives: prompt_logprobs } : body.echo === true ? ofAnswer : undefined;
  const tellsPrompt = body.echo === true || body.raw_output === true || ofPrompt !== undefined;
  return {
    ...(ofAnswer === undefined ? {} : { logprobs: ofAnswer }),
    ...(tellsPrompt ? { echo: ofPrompt === undefined ? {} : { logprobs: ofPrompt } } : {}),
  };
}
