import { z } from "zod";
import type { TokenUsage } from "../../engine/generation.ts";
import { type EchoedLogprob, readLogprobs } from "./read-logprobs.ts";
import { readUsage, usageOnWire } from "./read-usage.ts";
import type { ToolCallDelta } from "./tool-call-assembler.ts";

/** What one chunk says of one choice. */
export interface ChoiceDelta {
  readonly choice: number;
  readonly text: string;
  readonly reasoning: string;
  /** Empty until the last delta of the choice. */
  readonly finishReason: string;
  /** Undefined in almost every chunk of a plain answer. */
  readonly extras: DeltaExtras | undefined;
}

export interface DeltaExtras {
  readonly toolCalls: readonly ToolCallDelta[];
  readonly logprobs: readonly EchoedLogprob[];
  readonly tokenIds: readonly number[] | undefined;
  readonly promptTokenIds: readonly number[] | undefined;
  readonly stopSequence: string | undefined;
  /** The text is a refusal, which OpenAI keeps apart from answers. */
  readonly isRefusal: boolean;
}

export interface Chunk {
  readonly upstreamId: string | undefined;
  readonly usage: TokenUsage | undefined;
  readonly deltas: readonly ChoiceDelta[];
}

/** What is particular to one format: how a parsed chunk is read. @throws ZodError */
export type ChunkReader = (json: unknown) => Chunk;

/** What chunks of all formats have beside their choices. */
export const chunkEnvelope = z.object({
  id: z.string().nullish(),
  usage: usageOnWire.nullish().catch(undefined),
  /** Fireworks has them here, in the first chunk. */
  prompt_token_ids: z.unknown().optional(),
});

/** What choices of all formats have. What few of them fill is looked into only then. */
export const choiceFields = {
  index: z.int().min(0).default(0),
  finish_reason: z.string().nullish(),
  logprobs: z.unknown().optional(),
  top_logprobs: z.unknown().optional(),
  token_ids: z.unknown().optional(),
  prompt_token_ids: z.unknown().optional(),
  /** vLLM's and SGLang's names for what ended the answer: a stop sequence, or the id of a token. */
  stop_reason: z.unknown().optional(),
  matched_stop: z.unknown().optional(),
};

export function toChunk({ id, usage }: z.infer<typeof chunkEnvelope>, deltas: readonly ChoiceDelta[]): Chunk {
  return { upstreamId: id ?? undefined, usage: usage ? readUsage(usage) : undefined, deltas };
}

const tokenIds = z.array(z.int());

interface ExtraSources {
  readonly envelope: z.infer<typeof chunkEnvelope>;
  readonly choice: Readonly<Partial<Record<keyof typeof choiceFields, unknown>>>;
  readonly text: string;
  readonly tokenId: unknown;
  readonly toolCalls: readonly ToolCallDelta[];
  readonly isRefusal: boolean;
}

/** @throws ZodError */
export function readExtras({ envelope, choice, text, tokenId, toolCalls, isRefusal }: ExtraSources): DeltaExtras | undefined {
  const promptTokenIds = choice.prompt_token_ids ?? envelope.prompt_token_ids;
  const ended = choice.stop_reason ?? choice.matched_stop;
  const isPlain = toolCalls.length === 0 && isAbsent(choice.logprobs) && isAbsent(choice.token_ids) && isAbsent(promptTokenIds);
  if (isPlain && isAbsent(ended) && !isRefusal) return undefined;
  return {
    toolCalls,
    logprobs: readLogprobs(choice.logprobs, {
      text,
      tokenId: typeof tokenId === "number" ? tokenId : undefined,
      topLogprobs: choice.top_logprobs,
    }),
    tokenIds: tokenIds.nullish().parse(choice.token_ids) ?? undefined,
    promptTokenIds: tokenIds.nullish().parse(promptTokenIds) ?? undefined,
    stopSequence: typeof ended === "string" ? ended : undefined,
    isRefusal,
  };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
