import type { FinishReason, GenerateEvent, TokenLogprob } from "../engine/generation.ts";

interface RecordedAnswer {
  /** How many the request asked for. */
  readonly choices: number;
  /** An answer whose JSON is longer, by an estimate, is not kept. @default 1 MiB */
  readonly mostBytes?: number;
}

const MOST_BYTES = 1024 * 1024;
/** JSON around an event, around a token, around a number. */
const EVENT_BYTES = 64;
const TOKEN_BYTES = 64;
const NUMBER_BYTES = 8;

/** Pieces of one thing, joined so far. */
type Joined =
  | { readonly type: "text-delta"; readonly choice: number; text: string; readonly logprobs?: TokenLogprob[]; readonly tokenIds?: number[] }
  | { readonly type: "reasoning-delta"; readonly choice: number; text: string }
  | { readonly type: "tool-call-delta"; readonly choice: number; readonly call: number; arguments: string };

/** Answers that ended in another way are not given a second time. */
const COMPLETE: ReadonlySet<FinishReason> = new Set(["stop", "length", "tool_calls"]);

/** Keeps the events of an answer as they pass by, the pieces of a text joined. Holds nothing more once the answer cannot be stored. */
export class AnswerRecorder {
  readonly #choices: number;
  readonly #mostBytes: number;
  #events: GenerateEvent[] = [];
  /** What the next piece of each choice may belong to: choices interleave, and each is joined for itself. */
  readonly #open = new Map<number, Joined>();
  readonly #ended = new Set<number>();
  #bytes = 0;
  #state: "recording" | "complete" | "dropped" = "recording";

  constructor({ choices, mostBytes = MOST_BYTES }: RecordedAnswer) {
    this.#choices = choices;
    this.#mostBytes = mostBytes;
  }

  note(event: GenerateEvent): void {
    if (this.#state === "dropped") return;
    this.#bytes += bytesOf(event);
    if (this.#bytes > this.#mostBytes || this.#state === "complete" || (event.type === "choice-end" && !COMPLETE.has(event.reason))) {
      this.#drop();
      return;
    }
    if (event.type === "start") this.#events.push(withoutRun(event));
    else if (event.type === "end") this.#end(event);
    else this.#add(event);
  }

  /** The answer's events, or undefined where it is not complete, ended badly or is too large. */
  complete(): readonly GenerateEvent[] | undefined {
    return this.#state === "complete" ? this.#events : undefined;
  }

  #add(event: Exclude<GenerateEvent, { type: "start" | "end" }>): void {
    if (event.type === "choice-end") this.#ended.add(event.choice);
    const open = this.#open.get(event.choice);
    if (open !== undefined && join(open, event)) return;
    const opened = openedBy(event);
    if (opened === undefined) this.#open.delete(event.choice);
    else this.#open.set(event.choice, opened);
    this.#events.push(opened ?? event);
  }

  #end(event: GenerateEvent): void {
    if (this.#ended.size !== this.#choices) {
      this.#drop();
      return;
    }
    this.#events.push(event);
    this.#state = "complete";
  }

  #drop(): void {
    this.#state = "dropped";
    this.#events = [];
    this.#open.clear();
  }
}

/** What names or times the run that the answer was made in does not belong to the answer. */
function withoutRun({ queuedMs: _queuedMs, ...start }: Extract<GenerateEvent, { type: "start" }>): GenerateEvent {
  return { ...start, upstreamId: undefined };
}

/** A copy that grows, of a piece that others may follow. */
function openedBy(event: GenerateEvent): Joined | undefined {
  if (event.type === "reasoning-delta" || event.type === "tool-call-delta") return { ...event };
  if (event.type !== "text-delta") return undefined;
  const { logprobs, tokenIds, ...rest } = event;
  return { ...rest, ...(logprobs && { logprobs: [...logprobs] }), ...(tokenIds && { tokenIds: [...tokenIds] }) };
}

/** @returns whether the event is a piece of the same thing, and now part of it. */
function join(open: Joined, event: GenerateEvent): boolean {
  if (open.type === "text-delta" && event.type === "text-delta") {
    // Those that are told by only one of them would seem to be those of both.
    if ((open.logprobs === undefined) !== (event.logprobs === undefined)) return false;
    if ((open.tokenIds === undefined) !== (event.tokenIds === undefined)) return false;
    open.text += event.text;
    for (const logprob of event.logprobs ?? []) open.logprobs?.push(logprob);
    for (const tokenId of event.tokenIds ?? []) open.tokenIds?.push(tokenId);
    return true;
  }
  if (open.type === "reasoning-delta" && event.type === "reasoning-delta") {
    open.text += event.text;
    return true;
  }
  if (open.type === "tool-call-delta" && event.type === "tool-call-delta" && open.call === event.call) {
    open.arguments += event.arguments;
    return true;
  }
  return false;
}

function bytesOf(event: GenerateEvent): number {
  switch (event.type) {
    case "text-delta":
    case "prompt":
      return EVENT_BYTES + event.text.length + (event.tokenIds?.length ?? 0) * NUMBER_BYTES + bytesOfLogprobs(event.logprobs ?? []);
    case "reasoning-delta":
      return EVENT_BYTES + event.text.length;
    case "tool-call-delta":
      return EVENT_BYTES + event.arguments.length;
    case "tool-call-start":
      return EVENT_BYTES + event.id.length + event.name.length;
    default:
      return EVENT_BYTES;
  }
}

function bytesOfLogprobs(logprobs: NonNullable<Extract<GenerateEvent, { type: "prompt" }>["logprobs"]>): number {
  let bytes = 0;
  for (const logprob of logprobs) bytes += (1 + ("alternatives" in logprob ? logprob.alternatives.length : 0)) * TOKEN_BYTES;
  return bytes;
}
