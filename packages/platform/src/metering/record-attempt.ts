import { EngineError } from "../engine/engine-error.ts";
import type { EventIterator } from "../engine/event-iterator.ts";
import type { GenerateEvent } from "../engine/generation.ts";
import { type AttemptFacts, type AttemptResult, withWholeWait } from "./attempt.ts";
import type { Attempt, Ledger } from "./ledger.ts";
import { meterAnswer, meterProduced } from "./token-classes.ts";

interface RecordedAttempt {
  readonly ledger: Pick<Ledger, "begin">;
  readonly facts: AttemptFacts;
  /** Who counts the tokens: an engine of ours, somebody else's service, or nobody again, because the answer was stored. */
  readonly countedBy: "engine" | "provider" | "cache";
  /** The one call of one replica. Nothing is sent before the first event is asked for. */
  readonly events: AsyncIterable<GenerateEvent>;
  /** The one that the call was given. */
  readonly signal: AbortSignal;
  /** Called once it is written down that the attempt begins; `onEnd` follows in any case. */
  readonly onBegin?: () => void;
  /** Called for each piece of content. */
  readonly onToken?: (choice: number) => void;
  /** Called once the replica has begun to work on it. @param queuedMs how long it waited for a place, where the replica tells. */
  readonly onStart?: (queuedMs: number | undefined) => void;
  /** Called once, when it is written down how the attempt ended. */
  readonly onEnd?: (result: AttemptResult) => void;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
}

/**
 * Passes the events of one attempt on and writes it down: its begin before the call is made, its end before the last event is handed over.
 * An answer that is aborted or fails is metered by what was seen of it. Asking for the first event throws `LedgerUnavailableError` when the
 * begin cannot be written.
 */
export function recordAttempt(attempt: RecordedAttempt): AsyncIterable<GenerateEvent> {
  return { [Symbol.asyncIterator]: () => new AttemptRecorder(attempt) };
}

/** An iterator rather than a generator: it stands in the way of every token. */
class AttemptRecorder implements EventIterator {
  readonly #options: RecordedAttempt;
  readonly #events: EventIterator;
  readonly #now: () => number;
  #attempt: Attempt | undefined;
  #beganAt = 0;
  #firstTokenMs: number | null = null;
  #promptTokens: number | undefined;
  #answerDeltas = 0;
  #reasoningDeltas = 0;
  #finishReason: string | null = null;
  #hasEnded = false;

  constructor(options: RecordedAttempt) {
    this.#options = options;
    this.#events = options.events[Symbol.asyncIterator]();
    this.#now = options.now ?? (() => performance.now());
  }

  next(): Promise<IteratorResult<GenerateEvent, undefined>> {
    if (this.#attempt === undefined) {
      try {
        this.#attempt = this.#options.ledger.begin(withWholeWait(this.#options.facts));
      } catch (error) {
        return Promise.reject(error);
      }
      this.#beganAt = this.#now();
      this.#options.onBegin?.();
    }
    return this.#events.next().then(this.#pass, this.#fail);
  }

  ready(): GenerateEvent | undefined {
    const event = this.#events.ready?.();
    if (event !== undefined) this.#note(event);
    return event;
  }

  async return(): Promise<IteratorResult<GenerateEvent, undefined>> {
    this.#endUnfinished("cancelled", null);
    await this.#events.return?.();
    return { done: true, value: undefined };
  }

  readonly #pass = (result: IteratorResult<GenerateEvent>): IteratorResult<GenerateEvent, undefined> => {
    if (result.done === true) {
      if (this.#options.signal.aborted) this.#endUnfinished("cancelled", null);
      else this.#endUnfinished("failed", "bad-response");
      return { done: true, value: undefined };
    }
    this.#note(result.value);
    return result;
  };

  #note(event: GenerateEvent): void {
    switch (event.type) {
      case "start":
        this.#promptTokens = event.promptTokens;
        this.#options.onStart?.(event.queuedMs);
        break;
      case "text-delta":
        // Without text it only tells of a character that is not complete.
        if (event.text === "") break;
        this.#answerDeltas += 1;
        this.#noteToken(event.choice);
        break;
      case "tool-call-delta":
        this.#answerDeltas += 1;
        this.#noteToken(event.choice);
        break;
      case "reasoning-delta":
        this.#reasoningDeltas += 1;
        this.#noteToken(event.choice);
        break;
      case "choice-end":
        this.#finishReason = event.reason;
        break;
      case "end":
        this.#end("succeeded", null, meterAnswer(event.usage, this.#produced(), this.#options.countedBy));
        break;
    }
  }

  readonly #fail = (error: unknown): never => {
    const { signal } = this.#options;
    // A time that ran out stops the call by the same signal; it is the deployment's failure.
    if (signal.aborted && !(signal.reason instanceof EngineError)) this.#endUnfinished("cancelled", codeOf(signal.reason));
    else this.#endUnfinished("failed", error instanceof EngineError ? error.kind : (codeOf(error) ?? "internal_error"));
    throw error;
  };

  #endUnfinished(outcome: "cancelled" | "failed", errorCode: string | null): void {
    this.#end(outcome, errorCode, meterProduced(this.#produced()));
  }

  #produced() {
    return { promptTokens: this.#promptTokens, answerDeltas: this.#answerDeltas, reasoningDeltas: this.#reasoningDeltas };
  }

  #noteToken(choice: number): void {
    this.#firstTokenMs ??= this.#now() - this.#beganAt;
    this.#options.onToken?.(choice);
  }

  #end(outcome: AttemptResult["outcome"], errorCode: string | null, tokens: ReturnType<typeof meterProduced>): void {
    if (this.#attempt === undefined || this.#hasEnded) return;
    this.#hasEnded = true;
    const result = {
      outcome,
      errorCode,
      ...tokens,
      finishReason: this.#finishReason,
      firstTokenMs: this.#firstTokenMs,
      durationMs: this.#now() - this.#beganAt,
    };
    this.#attempt.end(result);
    this.#options.onEnd?.(result);
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
