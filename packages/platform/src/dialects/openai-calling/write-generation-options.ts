import type { GenerateRequest } from "../../engine/generation.ts";
import { writeReasoning } from "./write-reasoning.ts";
import { writeResponseFormat } from "./write-response-format.ts";

type Written = Readonly<Record<string, unknown>>;

/**
 * The options that chat and text completions share, as OpenAI spells them, and beyond OpenAI as Fireworks, Together, vLLM and SGLang do. Absent
 * ones are left out. A server that is given a length that does not fit refuses it, unless it is asked to truncate.
 */
export function writeGenerationOptions(request: GenerateRequest): Written {
  return present({
    n: request.choices,
    stop: request.stop.length > 0 ? request.stop : undefined,
    max_tokens: request.maxTokens,
    seed: request.seed,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    min_p: request.minP,
    typical_p: request.typicalP,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
    repetition_penalty: request.repetitionPenalty,
    mirostat_target: request.mirostat?.target,
    mirostat_lr: request.mirostat?.learningRate,
    logit_bias: request.logitBias && Object.fromEntries(request.logitBias),
    ignore_eos: request.ignoreEos,
    response_format: request.format && writeResponseFormat(request.format),
    ...writeReasoning(request),
    return_token_ids: request.tokenIds === true ? true : undefined,
    context_length_exceeded_behavior: request.overflow === "truncate" && request.maxTokens !== undefined ? "truncate" : undefined,
    prompt_truncate_len: typeof request.truncatePrompt === "number" ? request.truncatePrompt : undefined,
    prompt_cache_key: request.cacheKey,
    user: request.user,
  });
}

function present(fields: Written): Written {
  const written: Record<string, unknown> = {};
  for (const name in fields) if (fields[name] !== undefined) written[name] = fields[name];
  return written;
}
