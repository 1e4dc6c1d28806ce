import type { EventIterator } from "./event-iterator.ts";
import type { FinishReason, GenerateEvent, TokenLogprob, TokenUsage, ToolCall } from "./generation.ts";

type PromptEvent = Extract<GenerateEvent, { type: "prompt" }>;

export interface GeneratedChoice {
  readonly text: string;
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  readonly stopSequence: string | undefined;
  /** Of the text's tokens, where they were asked for. */
  readonly logprobs: readonly TokenLogprob[];
  readonly tokenIds: readonly number[];
  /** The prompt as the model saw it, where it was asked for. */
  readonly prompt: PromptEvent | undefined;
}

export interface Generation {
  readonly choices: readonly GeneratedChoice[];
  readonly usage: TokenUsage;
  /** What the engine said before the answer, where it said anything. */
  readonly start: Extract<GenerateEvent, { type: "start" }> | undefined;
}

/** The non-streamed answer is the fold of the streamed events, so that the two cannot disagree. Choices come in index order. */
export async function foldGeneration(events: AsyncIterable<GenerateEvent>): Promise<Generation> {
  const choices = new Map<number, ChoiceFold>();
  const choice = (index: number): ChoiceFold => {
    const known = choices.get(index) ?? new ChoiceFold();
    choices.set(index, known);
    return known;
  };
  let usage: TokenUsage = { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined };
  let start: Generation["start"];
  const iterator: EventIterator = events[Symbol.asyncIterator]();
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    for (let event: GenerateEvent | undefined = next.value; event !== undefined; event = iterator.ready?.()) {
      if (event.type === "start") start = event;
      else if (event.type === "end") usage = event.usage;
      else choice(event.choice).add(event);
    }
  }
  const folded = [...choices.entries()].sort(([a], [b]) => a - b).flatMap(([, value]) => value.result() ?? []);
  return { choices: folded, usage, start };
}

class ChoiceFold {
  #text = "";
  #reasoning = "";
  #end: Extract<GenerateEvent, { type: "choice-end" }> | undefined;
  #prompt: PromptEvent | undefined;
  readonly #toolCalls = new Map<number, { id: string; name: string; arguments: string }>();
  readonly #logprobs: TokenLogprob[] = [];
  readonly #tokenIds: number[] = [];

  add(event: Exclude<GenerateEvent, { type: "start" | "end" }>): void {
    switch (event.type) {
      case "prompt":
        this.#prompt = event;
        break;
      case "text-delta":
        this.#text += event.text;
        if (event.logprobs !== undefined) this.#logprobs.push(...event.logprobs);
        if (event.tokenIds !== undefined) this.#tokenIds.push(...event.tokenIds);
        break;
      case "reasoning-delta":
        this.#reasoning += event.text;
        break;
      case "tool-call-start":
        this.#toolCalls.set(event.call, { id: event.id, name: event.name, arguments: "" });
        break;
      case "tool-call-delta": {
        const call = this.#toolCalls.get(event.call);
        if (call !== undefined) call.arguments += event.arguments;
        break;
      }
      case "choice-end":
        this.#end = event;
        break;
    }
  }

  /** Undefined for a choice that did not end. */
  result(): GeneratedChoice | undefined {
    if (this.#end === undefined) return undefined;
    return {
      text: this.#text,
      reasoning: this.#reasoning,
      toolCalls: [...this.#toolCalls.entries()].sort(([a], [b]) => a - b).map(([, call]) => call),
      finishReason: this.#end.reason,
      stopSequence: this.#end.stopSequence,
      logprobs: this.#logprobs,
      tokenIds: this.#tokenIds,
      prompt: this.#prompt,
    };
  }
}
