import { type ChatCompletion, chatCompletion, chatCompletionChunk } from "@bonfire/protocol/chat-completions";
import type { z } from "zod";
import { onlyOne } from "./only-one.ts";
import { LogprobFold, type ToldLogprobs, toldLogprobs, toldUsage } from "./told-logprobs.ts";

type Chunk = z.infer<typeof chatCompletionChunk>;
type Choice = ChatCompletion["choices"][number];

/** What an answer says, streamed or not: without ids and times, and without what depends on earlier requests. */
export interface ToldByChat {
  readonly choices: readonly ToldChoice[];
  readonly usage: ReturnType<typeof toldUsage>;
  readonly prompt: ChatCompletion["prompt"];
  readonly promptTokenIds: readonly number[] | undefined;
  readonly metrics: readonly string[] | undefined;
}

interface ToldChoice {
  readonly content: string | null;
  readonly reasoning: string | undefined;
  readonly reasoningContent: string | undefined;
  readonly calls: readonly { readonly name: string; readonly arguments: string }[];
  readonly functionCall: { readonly name: string; readonly arguments: string } | undefined;
  readonly logprobs: ToldLogprobs;
  readonly finishReason: string | null;
  readonly seed: number | null | undefined;
  readonly tokenIds: readonly number[] | undefined;
  readonly rawOutput: Choice["raw_output"];
}

export function toldByChat(json: unknown): ToldByChat {
  const { choices, usage, prompt, prompt_token_ids, perf_metrics } = chatCompletion.parse(json);
  return {
    choices: choices.map(({ message, logprobs, finish_reason, seed, token_ids, raw_output }) => ({
      content: message.content,
      reasoning: message.reasoning,
      reasoningContent: message.reasoning_content,
      calls: (message.tool_calls ?? []).map((call) => call.function),
      functionCall: message.function_call,
      logprobs: toldLogprobs(logprobs),
      finishReason: finish_reason,
      seed,
      tokenIds: token_ids,
      rawOutput: raw_output,
    })),
    usage: toldUsage(usage),
    prompt: prompt?.length === 0 ? undefined : prompt,
    promptTokenIds: prompt_token_ids,
    metrics: perf_metrics && Object.keys(perf_metrics),
  };
}

/** The same of a stream: what a client has that adds up its deltas. */
export function toldByChatChunks(frames: readonly unknown[]): ToldByChat {
  const chunks = frames.map((frame) => chatCompletionChunk.parse(frame));
  const folds: ChoiceFold[] = [];
  for (const chunk of chunks) {
    for (const choice of chunk.choices) {
      folds[choice.index] ??= new ChoiceFold();
      folds[choice.index]?.add(choice);
    }
  }
  const metrics = onlyOne(chunks.map(({ perf_metrics }) => perf_metrics));
  return {
    choices: folds.map((fold) => fold.told()),
    usage: toldUsage(onlyOne(chunks.map(({ usage }) => usage))),
    prompt: chunks.find(({ prompt }) => prompt !== undefined)?.prompt,
    promptTokenIds: chunks.find(({ prompt_token_ids }) => prompt_token_ids !== undefined)?.prompt_token_ids,
    metrics: metrics && Object.keys(metrics),
  };
}

class ChoiceFold {
  readonly #text = new Map<"content" | "reasoning" | "reasoning_content", string>();
  readonly #calls: { name: string; arguments: string }[] = [];
  #functionCall: { name: string; arguments: string } | undefined;
  readonly #logprobs = new LogprobFold();
  #tokenIds: number[] | undefined;
  #last: Chunk["choices"][number] | undefined;

  add(choice: Chunk["choices"][number]): void {
    if (this.#last?.finish_reason) throw new Error("A choice goes on after its finish reason.");
    this.#last = choice;
    const { delta } = choice;
    for (const key of ["content", "reasoning", "reasoning_content"] as const) {
      const piece = delta[key] ?? "";
      if (piece !== "") this.#text.set(key, (this.#text.get(key) ?? "") + piece);
    }
    for (const { index, function: written } of delta.tool_calls ?? []) {
      this.#calls[index] ??= { name: "", arguments: "" };
      append(this.#calls[index], written);
    }
    if (delta.function_call !== undefined) {
      this.#functionCall ??= { name: "", arguments: "" };
      append(this.#functionCall, delta.function_call);
    }
    this.#logprobs.add(choice.logprobs, choice.top_logprobs, { text: delta.content ?? "", tokenId: delta.token_id });
    if (choice.token_ids !== undefined) this.#tokenIds = [...(this.#tokenIds ?? []), ...choice.token_ids];
  }

  told(): ToldChoice {
    const isCalls = this.#calls.length > 0 || this.#functionCall !== undefined;
    return {
      content: this.#text.get("content") ?? (isCalls ? null : ""),
      reasoning: this.#text.get("reasoning"),
      reasoningContent: this.#text.get("reasoning_content"),
      calls: this.#calls,
      functionCall: this.#functionCall,
      logprobs: this.#logprobs.told,
      finishReason: this.#last?.finish_reason ?? null,
      seed: this.#last?.seed,
      tokenIds: this.#tokenIds,
      rawOutput: this.#last?.raw_output,
    };
  }
}

function append(whole: { name: string; arguments: string }, piece: { name?: string | undefined; arguments?: string | undefined }): void {
  whole.name += piece.name ?? "";
  whole.arguments += piece.arguments ?? "";
}
