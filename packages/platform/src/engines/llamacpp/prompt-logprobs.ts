import { z } from "zod";
import type { ReplicaHttp } from "../../egress/replica-http.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateEvent, TokenLogprob } from "../../engine/generation.ts";
import { probabilities, readLogprob } from "./completion-logprobs.ts";

type PromptLogprobs = NonNullable<Extract<GenerateEvent, { type: "prompt" }>["logprobs"]>;

/** A token of the prompt: its text, or its bytes where they are no whole UTF-8. */
export interface PromptToken {
  readonly id: number;
  readonly piece: string | readonly number[];
}

/** It takes as long as generating them: 30 s of a small model on two CPU cores. */
const MOST_TOKENS = 2_048;
/** The server does not stop when nobody waits any more. */
const TOKENS_AT_ONCE = 64;
/** More than any vocabulary has. */
const WHOLE_VOCABULARY = 4_000_000;
/** Beats every other token, and is finite. */
const FORCING_BIAS = 1_000;

const answer = z.object({ completion_probabilities: probabilities.default([]) });

interface Question {
  readonly tokens: readonly PromptToken[];
  readonly alternatives: number;
  readonly slot: number;
}

/**
 * Log-probabilities of a prompt's tokens, which the server does not tell: each is generated once more, by a grammar of nothing but these tokens.
 * What the server tells is the raw distribution, so that forcing changes nothing. The first token has none.
 * @throws EngineError `unsupported` for a prompt that is too long
 */
export async function readPromptLogprobs(http: ReplicaHttp, question: Question, signal: AbortSignal): Promise<PromptLogprobs> {
  const { tokens, alternatives, slot } = question;
  if (tokens.length > MOST_TOKENS) {
    throw new EngineError(
      "unsupported",
      `Log-probabilities of a prompt are told of at most ${MOST_TOKENS} tokens; this one has ${tokens.length}.`,
      { param: "logprobs" },
    );
  }
  const ask = async (body: Readonly<Record<string, unknown>>, before: number) => {
    signal.throwIfAborted();
    const prompt = tokens.slice(0, before).map(({ id }) => id);
    // No signal: hanging up would not stop the server, it would only hide when the slot is free.
    const never = new AbortController().signal;
    const json = await http.postJson("completion", { prompt, id_slot: slot, cache_prompt: true, temperature: 0, ...body }, never);
    const parsed = answer.safeParse(json);
    if (!parsed.success) throw new EngineError("bad-response", "The engine's log-probabilities cannot be read.", { cause: parsed.error });
    return parsed.data.completion_probabilities;
  };
  const [first] = tokens;
  if (first === undefined) return [];
  const told: PromptLogprobs[number][] = [{ token: textOf(first), tokenId: first.id, logprob: null }];
  for (let at = 1; at < tokens.length; at = told.length) {
    const forced = tokens.slice(at, at + forceableAt(tokens, at));
    if (forced.length > 0) {
      const grammar = `root ::= ${forced.map(({ id }) => `<[${id}]>`).join(" ")}\n`;
      const entries = await ask({ grammar, n_predict: forced.length, n_probs: Math.max(1, alternatives) }, at);
      if (entries.length < forced.length) {
        throw new EngineError("bad-response", "The engine told fewer log-probabilities than the prompt has tokens.");
      }
      for (const entry of entries.slice(0, forced.length)) told.push(readLogprob(entry, alternatives));
    } else {
      const token = tokens[at] ?? first;
      told.push(typeof token.piece === "string" ? await askOne(token) : await askPartial(token));
    }
  }
  return told;

  /** For what ends an answer, which no grammar can have in its middle. */
  async function askOne(token: PromptToken): Promise<TokenLogprob> {
    const [entry] = await ask({ logit_bias: [[token.id, FORCING_BIAS]], n_predict: 1, n_probs: Math.max(1, alternatives) }, told.length);
    if (entry?.id === token.id) return readLogprob(entry, alternatives, textOf(token));
    return askPartial(token);
  }

  /** For a part of a character, of which the server tells nothing when it generates it: it stands among the alternatives of another token. */
  async function askPartial(token: PromptToken): Promise<TokenLogprob> {
    const [entry] = await ask({ grammar: 'root ::= "a"\n', n_predict: 1, n_probs: WHOLE_VOCABULARY }, told.length);
    const own = entry?.top_logprobs.find(({ id }) => id === token.id);
    if (entry === undefined || own === undefined) {
      throw new EngineError("bad-response", `The engine tells no log-probability of token ${token.id}.`);
    }
    return readLogprob({ ...own, top_logprobs: entry.top_logprobs.slice(0, alternatives) }, alternatives);
  }
}

/** How many tokens from here on a grammar can force in one call. */
function forceableAt(tokens: readonly PromptToken[], at: number): number {
  const window = tokens.slice(at, at + TOKENS_AT_ONCE);
  const end = window.findIndex(({ piece }) => typeof piece !== "string" || looksSpecial(piece));
  return end < 0 ? window.length : end;
}

/** Tokens that may end an answer look like `<|im_end|>` or `</s>`; taking others for such costs a call. */
function looksSpecial(piece: string): boolean {
  return piece === "" || piece.includes("\u{FFFD}") || /^[<[].*[>\]]$/s.test(piece);
}

function textOf({ piece }: PromptToken): string {
  return typeof piece === "string" ? piece : Buffer.from(piece).toString("utf8");
}
