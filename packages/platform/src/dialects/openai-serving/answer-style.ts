import type { Dialect } from "@bonfire/protocol/dialect";
import type { ServiceTier } from "@bonfire/protocol/service-tiers";

/** How an answer is written, beyond its content. */
export interface AnswerStyle {
  readonly dialect: Dialect;
  /** A stream ends with a chunk that has nothing but the usage. */
  readonly includeUsage: boolean;
  /** OpenAI's objects, or the arrays of text completions. */
  readonly logprobs: "objects" | "arrays" | undefined;
  /** Those of the prompt, in vLLM's shape. */
  readonly promptLogprobs: boolean;
  readonly echo: boolean;
  readonly tokenIds: boolean;
  readonly rawOutput: boolean;
  readonly perfMetrics: boolean;
  readonly seed: number | undefined;
  /** Choices are numbered through all prompts, their seeds within one. */
  readonly choicesPerPrompt: number;
  /** What a chat was served as, where the request asked for something. */
  readonly serviceTier?: ServiceTier;
}
