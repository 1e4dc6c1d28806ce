import type { GenerateRequest } from "../../engine/generation.ts";

/** The server draws a seed itself when it is asked for this one. */
const RANDOM_SEED = 0xffff_ffff;
/** The largest limit that the server can hold. */
const MOST_TOKENS = 0x7fff_ffff;
/** Marks that a tokenizer may hold as special tokens, whose text the server would leave out of its answer. */
const PRESERVED = ["<think>", "</think>", "<tool_call>", "</tool_call>"];
/** Of the last chunk, which would repeat the prompt and all settings. */
const LAST_CHUNK_FIELDS = ["content", "stop", "stop_type", "timings", "tokens_predicted", "tokens_evaluated"];

/** What the server is to begin from: token ids, or text with a marker for each picture. */
export type CompletionPrompt = readonly number[] | { readonly prompt_string: string; readonly multimodal_data: readonly string[] };

interface CompletionOptions {
  readonly prompt: CompletionPrompt;
  readonly slot: number;
  readonly maxTokens: number | undefined;
  readonly grammar: string | undefined;
}

/**
 * The body of a streamed `/completion`: the server's own route, which takes token ids and tells why an answer ended. Absent options are the
 * server's defaults. Ranges are the dialects' business: the server clamps without a word.
 */
export function writeCompletionBody(
  request: GenerateRequest,
  { prompt, slot, maxTokens, grammar }: CompletionOptions,
): Record<string, unknown> {
  return {
    prompt,
    id_slot: slot,
    cache_prompt: true,
    stream: true,
    return_progress: true,
    response_fields: LAST_CHUNK_FIELDS,
    preserved_tokens: PRESERVED,
    ...(maxTokens === undefined ? {} : { n_predict: Math.min(maxTokens, MOST_TOKENS) }),
    ...(grammar === undefined ? {} : { grammar }),
    ...writeSampling(request),
  };
}

/** How tokens are chosen, and what is told of them. */
export function writeSampling(request: GenerateRequest): Record<string, unknown> {
  const { mirostat, logitBias, logprobs } = request;
  const fields = {
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    min_p: request.minP,
    typical_p: request.typicalP,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
    repeat_penalty: request.repetitionPenalty,
    mirostat: mirostat === undefined ? undefined : 2,
    mirostat_tau: mirostat?.target,
    mirostat_eta: mirostat?.learningRate,
    ignore_eos: request.ignoreEos,
    logit_bias: logitBias === undefined ? undefined : [...logitBias],
    seed: request.seed === undefined ? undefined : toServerSeed(request.seed),
    // 0 would turn them off.
    n_probs: logprobs === undefined ? undefined : Math.max(1, logprobs.alternatives),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** The server's seeds are unsigned 32-bit numbers, the highest of which means "none". */
function toServerSeed(seed: number): number {
  return ((seed % RANDOM_SEED) + RANDOM_SEED) % RANDOM_SEED;
}
