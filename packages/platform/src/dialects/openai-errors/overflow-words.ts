/** Lengths in tokens: of the prompt, of what was asked for beside it, of both together at most. */
export interface OverflowCounts {
  promptTokens?: number;
  maxTokens?: number;
  contextTokens?: number;
}

/** Sentences that have no code which could be relied on, and change from version to version. */
const SENTENCES = [
  // OpenAI, DeepSeek, older vLLM; `endpoint's` at OpenRouter; `of` at SGLang.
  /maximum context length (?:is|of) (?<context>\d+) tokens/,
  /resulted in (?<prompt>\d+) tokens/,
  /\((?<prompt>\d+) (?:in the (?:messages|prompt|input)|of text input)/,
  /(?<answer>\d+) in the (?:completion|output)/,
  // vLLM
  /request has (?<prompt>\d+) input tokens/,
  /too large: (?<answer>\d+)\. This model's maximum context length/,
  /passed (?<prompt>\d+) input tokens and requested (?<answer>\d+) output tokens/,
  /context length is only (?<context>\d+) tokens/,
  /decoder prompt \(length (?<prompt>\d+)\) is longer than the maximum model length of (?<context>\d+)/,
  // SGLang
  /input \((?<prompt>\d+) tokens\) is longer than the model's context length \((?<context>\d+) tokens\)/,
  /(?<prompt>\d+) tokens from the input messages and (?<answer>\d+) tokens for the completion/,
  // Anthropic
  /prompt is too long: (?<prompt>\d+) tokens > (?<context>\d+) maximum/,
  /exceed context limit: (?<prompt>\d+) \+ (?<answer>\d+) > (?<context>\d+)/,
  // Fireworks
  /prompt is too long: (?<prompt>\d+), model maximum context length: (?<context>\d+)/,
  // Together and TGI
  /`inputs` tokens \+ `max_new_tokens` must be <= (?<context>\d+)/,
  /Given: (?<prompt>\d+) `inputs` tokens and (?<answer>\d+) `max_new_tokens`/,
  // Mistral
  /Prompt contains (?<prompt>\d+) tokens.* too large for model with (?<context>\d+) maximum context length/,
  // Gemini
  /input token count \((?<prompt>\d+)\) exceeds the maximum number of tokens allowed \((?<context>\d+)\)/,
  // llama.cpp
  /request \((?<prompt>\d+) tokens\) exceeds the available context size \((?<context>\d+) tokens\)/,
  // xAI
  /maximum prompt length is (?<context>\d+) but the request contains (?<prompt>\d+) tokens/,
  // LM Studio
  /model is loaded with context length of only (?<context>\d+) tokens/,
];

/** Sentences without counts: OpenAI, llama.cpp, Ollama, LM Studio, Bedrock, Groq. */
const BARE_SENTENCES = [
  /exceeds the (?:available )?context (?:window|size|length)/i,
  /input length exceeds (?:the )?(?:maximum )?context length/i,
  /greater than the context length/i,
  /input is too long for requested model/i,
  /please reduce the length of the (?:messages|prompt)/i,
];

/** @returns undefined where a message does not say that a prompt is too long. */
export function readOverflowWords(message: string): OverflowCounts | undefined {
  const found = SENTENCES.map((sentence) => sentence.exec(message)?.groups);
  const count = (name: string): number | undefined => {
    const text = found.map((groups) => groups?.[name]).find((digits) => digits !== undefined);
    return text === undefined ? undefined : Number(text);
  };
  const context = count("context");
  if (context === undefined) return BARE_SENTENCES.some((sentence) => sentence.test(message)) ? {} : undefined;
  return counts({ promptTokens: count("prompt"), maxTokens: count("answer"), contextTokens: context });
}

/** Without what is not known. */
export function counts(known: { readonly [Name in keyof OverflowCounts]: number | undefined }): OverflowCounts {
  const { promptTokens, maxTokens, contextTokens } = known;
  return {
    ...(promptTokens === undefined ? {} : { promptTokens }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(contextTokens === undefined ? {} : { contextTokens }),
  };
}
