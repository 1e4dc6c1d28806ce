import type { Dialect } from "@bonfire/protocol/dialect";

/** In what the answers of the dialects differ. Sources: TG2 and FW; what they do not say, recorded traffic. */
export interface DialectTraits {
  /** The usage of a stream stands on the last chunk with a finish reason, unless `stream_options` asks for a chunk of its own. */
  readonly usageOnFinish: boolean;
  /** Chunks without usage say `usage: null` in any case. */
  readonly nullUsage: boolean;
  /** Every delta has the role, and chunks say their text a second time outside the delta. */
  readonly repeatsRole: boolean;
  /** Content of the first delta, which has only the role. */
  readonly firstContent: '""' | "null";
  /** Answers tell the prompt apart from the text (`prompt: []`), and choices the seed. */
  readonly tellsPromptAndSeed: boolean;
  /** Calls of an answer that is not streamed are numbered, and there is a list of none where there are none. */
  readonly numbersCalls: boolean;
  /** Log-probabilities that were asked for by a number are numbers in streams, one chunk for each token. */
  readonly numericLogprobs: boolean;
  /** Log-probabilities as objects carry the token's id and its place in the text. */
  readonly placesTokens: boolean;
  readonly reasoningNames: readonly ("reasoning_content" | "reasoning")[];
  readonly completionObject: {
    readonly whole: "text_completion" | "text.completion";
    readonly chunk: "text_completion" | "completion.chunk";
  };
}

const OPENAI: DialectTraits = {
  usageOnFinish: false,
  nullUsage: false,
  repeatsRole: false,
  firstContent: '""',
  tellsPromptAndSeed: false,
  numbersCalls: false,
  numericLogprobs: false,
  placesTokens: false,
  // Together's clients read the one, Fireworks', vLLM's and the AI SDK the other.
  reasoningNames: ["reasoning_content", "reasoning"],
  completionObject: { whole: "text_completion", chunk: "text_completion" },
};

export const TRAITS: Readonly<Record<Dialect, DialectTraits>> = {
  openai: OPENAI,
  together: {
    ...OPENAI,
    usageOnFinish: true,
    nullUsage: true,
    repeatsRole: true,
    tellsPromptAndSeed: true,
    numbersCalls: true,
    numericLogprobs: true,
    completionObject: { whole: "text.completion", chunk: "completion.chunk" },
  },
  fireworks: { ...OPENAI, usageOnFinish: true, firstContent: "null", placesTokens: true, reasoningNames: ["reasoning_content"] },
};
