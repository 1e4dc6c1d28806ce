import { EngineError } from "../../engine/engine-error.ts";
import type { FinishReason, GenerateEvent, GenerateRequest, TokenLogprob } from "../../engine/generation.ts";
import type { ChoiceDelta, DeltaExtras } from "./chunk-reader.ts";
import { PromptReader } from "./prompt-reader.ts";
import { type EchoedLogprob, withAlternatives } from "./read-logprobs.ts";
import { TextTokens } from "./text-tokens.ts";
import { type SplitText, ThinkSplitter } from "./think-splitter.ts";
import { ToolCallAssembler } from "./tool-call-assembler.ts";

/** Spellings seen on the wire. What says that the answer broke off is a failure, never a finish. */
const FINISH_REASONS: Readonly<Record<string, FinishReason | "failure">> = {
  stop: "stop",
  eos: "stop",
  eos_token: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  length: "length",
  max_tokens: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  content_filter: "content_filter",
  sensitive: "content_filter",
  abort: "failure",
  error: "failure",
  network_error: "failure",
};

/** What of a request says how its answer is to be read. */
export type AskedFor = Pick<GenerateRequest, "prompt" | "echo" | "logprobs" | "tokenIds" | "tools">;

interface ChoiceDecoderOptions {
  readonly choice: number;
  /** Thoughts may stand in the text, between tags. */
  readonly splitsThoughts: boolean;
  readonly asked: AskedFor | undefined;
}

/** The state of one choice between its deltas. */
export class ChoiceDecoder {
  readonly #options: ChoiceDecoderOptions;
  #prompt: PromptReader | undefined;
  #splitter: ThinkSplitter | undefined;
  #tokens: TextTokens | undefined;
  #calls: ToolCallAssembler | undefined;
  #isRefusal = false;
  #hasEnded = false;

  constructor(options: ChoiceDecoderOptions) {
    const { choice, splitsThoughts, asked } = options;
    this.#options = options;
    this.#splitter = splitsThoughts ? new ThinkSplitter() : undefined;
    this.#prompt = asked?.echo !== undefined || asked?.tokenIds === true ? new PromptReader(choice, asked) : undefined;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Adds what a delta means. @throws EngineError */
  read(delta: ChoiceDelta, events: GenerateEvent[]): void {
    const answer = this.#prompt === undefined ? delta : this.#prompt.read(delta, events);
    if (answer === undefined) return;
    this.#prompt = undefined;
    this.#readAnswer(answer, events);
  }

  #readAnswer({ text, reasoning, finishReason, extras }: ChoiceDelta, events: GenerateEvent[]): void {
    if (reasoning !== "") {
      // A server that tells thoughts apart leaves no tags in the text.
      this.#endSplitting(events);
      events.push({ type: "reasoning-delta", choice: this.#options.choice, text: reasoning });
    }
    if (extras !== undefined) {
      this.#isRefusal ||= extras.isRefusal;
      if (reasoning === "") this.#keepTokens(extras);
    }
    if (this.#splitter !== undefined) this.#split(this.#splitter, text, events);
    else if (text !== "") this.#pushText(text, events);
    if (extras !== undefined && extras.toolCalls.length > 0) this.#readCalls(extras, events);
    if (finishReason !== "") this.#finish(finishReason, extras?.stopSequence, events);
  }

  #keepTokens({ logprobs, tokenIds = [], toolCalls }: DeltaExtras): void {
    if (toolCalls.length > 0 || (logprobs.length === 0 && tokenIds.length === 0)) return;
    this.#tokens ??= new TextTokens();
    this.#tokens.add(this.#askedLogprobs(logprobs), tokenIds);
  }

  /** Where only the prompt's were asked for, the answer's come along with them. */
  #askedLogprobs(logprobs: readonly EchoedLogprob[]): readonly TokenLogprob[] {
    const { asked } = this.#options;
    const generated = logprobs.filter(isGenerated);
    if (asked === undefined) return generated;
    const most = asked.logprobs?.alternatives;
    return most === undefined ? [] : generated.map((entry) => withAlternatives(entry, most));
  }

  #split(splitter: ThinkSplitter, text: string, events: GenerateEvent[]): void {
    if (text === "") return;
    this.#pushSplit(splitter.push(text), events);
    if (splitter.isDone) this.#splitter = undefined;
  }

  #endSplitting(events: GenerateEvent[]): void {
    if (this.#splitter === undefined) return;
    this.#pushSplit(this.#splitter.end(), events);
    this.#splitter = undefined;
  }

  #pushSplit({ reasoning, text }: SplitText, events: GenerateEvent[]): void {
    if (reasoning !== "") {
      events.push({ type: "reasoning-delta", choice: this.#options.choice, text: reasoning });
      if (text === "") this.#tokens?.drop();
    }
    if (text !== "") this.#pushText(text, events);
  }

  #pushText(text: string, events: GenerateEvent[]): void {
    const { choice } = this.#options;
    if (this.#tokens === undefined) events.push({ type: "text-delta", choice, text });
    else events.push({ type: "text-delta", choice, text, ...this.#tokens.take(text) });
  }

  #readCalls({ toolCalls }: DeltaExtras, events: GenerateEvent[]): void {
    const { choice, asked } = this.#options;
    this.#endSplitting(events);
    this.#calls ??= new ToolCallAssembler({ choice, parallel: asked?.tools?.parallel ?? true });
    this.#calls.add(toolCalls, events);
  }

  #finish(finishReason: string, stopSequence: string | undefined, events: GenerateEvent[]): void {
    this.#endSplitting(events);
    const said = FINISH_REASONS[finishReason] ?? "stop";
    if (said === "failure") throw new EngineError("interrupted", `The engine ended the answer with "${finishReason}".`);
    this.#hasEnded = true;
    this.#calls?.end(said, events);
    const reason = this.#isRefusal ? "content_filter" : this.#calls === undefined ? withoutCalls(said) : withCalls(said);
    const ending = { type: "choice-end", choice: this.#options.choice, reason } as const;
    events.push(reason === "stop" && stopSequence !== undefined ? { ...ending, stopSequence } : ending);
  }
}

/** Servers differ in whether a call ends with `stop`, and some announce calls that they do not make. */
function withCalls(reason: FinishReason): FinishReason {
  return reason === "stop" ? "tool_calls" : reason;
}

function withoutCalls(reason: FinishReason): FinishReason {
  return reason === "tool_calls" ? "stop" : reason;
}

function isGenerated(entry: EchoedLogprob): entry is TokenLogprob {
  return entry.logprob !== null;
}
