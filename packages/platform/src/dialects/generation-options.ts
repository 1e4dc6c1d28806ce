import { ApiError } from "@bonfire/protocol/errors";
import type { samplingFields } from "@bonfire/protocol/text-generation";
import type { z } from "zod";
import type { GenerateRequest } from "../engine/generation.ts";
import { wellFormed } from "./well-formed.ts";

type SamplingBody = z.infer<z.ZodObject<typeof samplingFields>>;

/** The options that chat and text completions share; null and absent become absent. */
export function readGenerationOptions(body: SamplingBody, maxTokens: number | null | undefined): Omit<GenerateRequest, "prompt"> {
  return {
    choices: body.n ?? 1,
    stop: (typeof body.stop === "string" ? [body.stop] : (body.stop ?? [])).map(wellFormed),
    ...present("maxTokens", maxTokens),
    ...present("seed", body.seed),
    ...present("temperature", body.temperature),
    ...present("topP", body.top_p),
    ...present("presencePenalty", body.presence_penalty),
    ...present("frequencyPenalty", body.frequency_penalty),
    ...present("user", body.user),
    ...(body.logit_bias ? { logitBias: new Map(Object.entries(body.logit_bias).map(([id, bias]) => [Number(id), bias])) } : {}),
  };
}

/** The same fields in the other direction, as every OpenAI-like server spells them. */
export function writeGenerationOptions(request: GenerateRequest): Record<string, unknown> {
  return {
    n: request.choices,
    ...(request.stop.length > 0 ? { stop: request.stop } : {}),
    ...present("max_tokens", request.maxTokens),
    ...present("seed", request.seed),
    ...present("temperature", request.temperature),
    ...present("top_p", request.topP),
    ...present("presence_penalty", request.presencePenalty),
    ...present("frequency_penalty", request.frequencyPenalty),
    ...present("user", request.user),
    ...(request.logitBias ? { logit_bias: Object.fromEntries(request.logitBias) } : {}),
  };
}

/** How the client wants its answer delivered. */
export interface Delivery {
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

export function readDelivery(body: SamplingBody): Delivery {
  const stream = body.stream ?? false;
  if (body.stream_options && !stream) {
    throw new ApiError("invalid_value", "'stream_options' is only allowed when 'stream' is true.", { param: "stream_options" });
  }
  return { stream, includeUsage: body.stream_options?.include_usage ?? false };
}

function present<Key extends string, Value>(key: Key, value: Value | null | undefined): { [K in Key]?: Value } {
  const entry: { [K in Key]?: Value } = {};
  if (value !== null && value !== undefined) entry[key] = value;
  return entry;
}
