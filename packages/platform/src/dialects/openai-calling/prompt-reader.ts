import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateEvent, GenerateRequest } from "../../engine/generation.ts";
import type { ChoiceDelta } from "./chunk-reader.ts";
import { type EchoedLogprob, withAlternatives } from "./read-logprobs.ts";
import { lastThatSpell } from "./text-tokens.ts";

type AskedFor = Pick<GenerateRequest, "prompt" | "echo" | "tokenIds">;
type PromptEvent = Extract<GenerateEvent, { type: "prompt" }>;

/**
 * Whether the other side has to tell the prompt: what the client sent as text is known here already, unless the probabilities of its tokens
 * are asked for.
 */
export function needsEcho({ prompt, echo }: AskedFor): boolean {
  return echo !== undefined && (prompt.kind === "tokens" || echo.logprobs !== undefined);
}

/** Takes the prompt off the beginning of an answer, where it was asked for. */
export class PromptReader {
  readonly #choice: number;
  readonly #asked: AskedFor;
  /** All deltas so far, as one. */
  #seen: ChoiceDelta | undefined;

  constructor(choice: number, asked: AskedFor) {
    this.#choice = choice;
    this.#asked = asked;
  }

  /** Adds the prompt's event. @returns what of the deltas is the answer; undefined while the prompt is not complete. @throws EngineError */
  read(delta: ChoiceDelta, events: GenerateEvent[]): ChoiceDelta | undefined {
    const { prompt, echo, tokenIds } = this.#asked;
    const ids = tokenIds !== true ? undefined : prompt.kind === "tokens" ? prompt.tokens : delta.extras?.promptTokenIds;
    if (!needsEcho(this.#asked)) {
      if (echo !== undefined || ids !== undefined) events.push(this.#event(prompt.kind === "text" ? prompt.text : "", ids));
      return delta;
    }
    const seen = this.#seen === undefined ? delta : joinDeltas(this.#seen, delta);
    this.#seen = seen;
    const answer = this.#answerIn(seen);
    if (answer === undefined) {
      if (seen.finishReason !== "") throw notEchoed();
      return undefined;
    }
    const entries = seen.extras?.logprobs ?? [];
    const ofAnswer = lastThatSpell(entries, answer) ?? [];
    const ofPrompt = entries.slice(0, entries.length - ofAnswer.length);
    const event = this.#event(seen.text.slice(0, seen.text.length - answer.length), ids ?? seen.extras?.promptTokenIds);
    const most = echo?.logprobs?.alternatives;
    const trimmed = ofPrompt.map((entry) => (entry.logprob === null ? entry : withAlternatives(entry, most ?? 0)));
    events.push(most === undefined ? event : { ...event, logprobs: trimmed });
    return { ...seen, text: answer, extras: seen.extras && { ...seen.extras, logprobs: ofAnswer } };
  }

  /** What follows the prompt; undefined while that is not complete. */
  #answerIn({ text, extras }: ChoiceDelta): string | undefined {
    const { prompt } = this.#asked;
    if (prompt.kind === "text") {
      if (text.length < prompt.text.length) return undefined;
      if (!text.startsWith(prompt.text)) throw notEchoed();
      return text.slice(prompt.text.length);
    }
    const entries = extras?.logprobs ?? [];
    const length = prompt.kind === "tokens" ? prompt.tokens.length : 0;
    if (entries.length < length) return undefined;
    const answer = textOf(entries.slice(length));
    if (!text.endsWith(answer)) throw notEchoed();
    return answer;
  }

  #event(text: string, tokenIds: readonly number[] | undefined): PromptEvent {
    return { type: "prompt", choice: this.#choice, text, ...(tokenIds !== undefined && this.#asked.tokenIds === true ? { tokenIds } : {}) };
  }
}

function joinDeltas(before: ChoiceDelta, after: ChoiceDelta): ChoiceDelta {
  if (before.extras === undefined || after.extras === undefined) {
    return { ...after, text: before.text + after.text, extras: after.extras ?? before.extras };
  }
  const tokenIds = [...(before.extras.tokenIds ?? []), ...(after.extras.tokenIds ?? [])];
  const extras = {
    ...after.extras,
    logprobs: [...before.extras.logprobs, ...after.extras.logprobs],
    tokenIds: tokenIds.length > 0 ? tokenIds : undefined,
    promptTokenIds: before.extras.promptTokenIds ?? after.extras.promptTokenIds,
  };
  return { ...after, text: before.text + after.text, extras };
}

function textOf(entries: readonly EchoedLogprob[]): string {
  return entries.map(({ token }) => token).join("");
}

function notEchoed(): EngineError {
  return new EngineError("bad-response", "The engine was asked to repeat the prompt and did not.", { param: "echo" });
}
