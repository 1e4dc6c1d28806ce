import type { ReplicaHttp } from "../../egress/replica-http.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateEvent, GenerateRequest } from "../../engine/generation.ts";
import type { LlamaHttp } from "./llama-http.ts";
import type { PreparedPrompt } from "./prepare-prompt.ts";
import { type PromptToken, readPromptLogprobs } from "./prompt-logprobs.ts";

type PromptEvent = Extract<GenerateEvent, { type: "prompt" }>;

interface Server {
  readonly http: ReplicaHttp;
  readonly llama: LlamaHttp;
}

/** Whether the prompt is to be told. */
export function tellsPrompt({ echo, tokenIds }: Pick<GenerateRequest, "echo" | "tokenIds">): boolean {
  return echo !== undefined || tokenIds === true;
}

/** The prompt as the model saw it. @param slot the one whose cache holds it */
export async function tellPrompt(
  { http, llama }: Server,
  { echo, tokenIds }: GenerateRequest,
  prompt: PreparedPrompt,
  slot: number,
  signal: AbortSignal,
): Promise<PromptEvent> {
  const { tokens } = prompt;
  const text = prompt.text ?? (await llama.detokenize(tokens ?? [], signal));
  const event = { type: "prompt", choice: 0, text, ...(tokenIds === true && tokens !== undefined ? { tokenIds: tokens } : {}) } as const;
  const asked = echo?.logprobs;
  if (asked === undefined) return event;
  if (tokens === undefined) {
    throw new EngineError("unsupported", "Log-probabilities of a prompt with images are not told.", { param: "logprobs" });
  }
  const pieces = await findPieces(llama, text, tokens, signal);
  return { ...event, logprobs: await readPromptLogprobs(http, { tokens: pieces, alternatives: asked.alternatives, slot }, signal) };
}

/** What each token stands for. Token ids of a client's own need not be what the text is tokenized to. */
async function findPieces(llama: LlamaHttp, text: string, tokens: readonly number[], signal: AbortSignal): Promise<readonly PromptToken[]> {
  const pieces = await llama.pieces(text, signal);
  if (pieces.length === tokens.length && pieces.every(({ id }, index) => id === tokens[index])) return pieces;
  const each: PromptToken[] = [];
  for (const id of tokens) each.push({ id, piece: await llama.detokenize([id], signal) });
  return each;
}
