import { type Completion, completion, completionChunk } from "@bonfire/protocol/completions";
import type { z } from "zod";
import { onlyOne } from "./only-one.ts";
import { LogprobFold, type ToldLogprobs, toldLogprobs, toldUsage } from "./told-logprobs.ts";

type Chunk = z.infer<typeof completionChunk>;
type ChunkChoice = Chunk["choices"][number];

/** What a text completion says, streamed or not: without ids and times, and without what depends on earlier requests. */
export interface ToldByCompletion {
  readonly choices: readonly ToldText[];
  readonly usage: ReturnType<typeof toldUsage>;
  readonly prompt: Completion["prompt"];
  readonly metrics: readonly string[] | undefined;
}

interface ToldText {
  readonly text: string;
  readonly logprobs: ToldLogprobs;
  readonly finishReason: string | null;
  readonly seed: number | null | undefined;
  readonly tokenIds: readonly number[] | undefined;
  readonly promptTokenIds: readonly number[] | undefined;
  readonly rawOutput: ChunkChoice["raw_output"];
}

export function toldByCompletion(json: unknown): ToldByCompletion {
  const { choices, usage, prompt, perf_metrics } = completion.parse(json);
  return {
    choices: choices.map(({ text, logprobs, finish_reason, seed, token_ids, prompt_token_ids, raw_output }) => ({
      text,
      logprobs: toldLogprobs(logprobs),
      finishReason: finish_reason,
      seed,
      tokenIds: token_ids,
      promptTokenIds: prompt_token_ids,
      rawOutput: raw_output,
    })),
    usage: toldUsage(usage),
    prompt: prompt?.length === 0 ? undefined : prompt,
    metrics: perf_metrics && Object.keys(perf_metrics),
  };
}

/** The same of a stream. */
export function toldByCompletionChunks(frames: readonly unknown[]): ToldByCompletion {
  const chunks = frames.map((frame) => completionChunk.parse(frame));
  const folds: TextFold[] = [];
  for (const chunk of chunks) {
    for (const choice of chunk.choices) {
      folds[choice.index] ??= new TextFold();
      folds[choice.index]?.add(choice);
    }
  }
  const metrics = onlyOne(chunks.map(({ perf_metrics }) => perf_metrics));
  return {
    choices: folds.map((fold) => fold.told()),
    usage: toldUsage(onlyOne(chunks.map(({ usage }) => usage))),
    prompt: chunks.find(({ prompt }) => prompt !== undefined)?.prompt,
    metrics: metrics && Object.keys(metrics),
  };
}

class TextFold {
  #text = "";
  readonly #logprobs = new LogprobFold();
  #tokenIds: number[] | undefined;
  #promptTokenIds: readonly number[] | undefined;
  #last: ChunkChoice | undefined;

  add(choice: ChunkChoice): void {
    if (this.#last?.finish_reason) throw new Error("A choice goes on after its finish reason.");
    this.#last = choice;
    this.#text += choice.text;
    this.#logprobs.add(choice.logprobs, choice.top_logprobs, { text: choice.text, tokenId: choice.delta?.token_id });
    if (choice.token_ids !== undefined) this.#tokenIds = [...(this.#tokenIds ?? []), ...choice.token_ids];
    this.#promptTokenIds = choice.prompt_token_ids ?? this.#promptTokenIds;
  }

  told(): ToldText {
    return {
      text: this.#text,
      logprobs: this.#logprobs.told,
      finishReason: this.#last?.finish_reason ?? null,
      seed: this.#last?.seed,
      tokenIds: this.#tokenIds,
      promptTokenIds: this.#promptTokenIds,
      rawOutput: this.#last?.raw_output,
    };
  }
}
