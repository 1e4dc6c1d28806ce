/** A text part is the only kind there is so far; content of several parts is joined by the dialect that read it. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
  /** What a reasoning model thought before this answer; templates decide whether they keep it. */
  readonly reasoning?: string;
  readonly name?: string;
}

export type Prompt =
  | { readonly kind: "chat"; readonly messages: readonly ChatMessage[] }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "tokens"; readonly tokens: readonly number[] };

/** A request for text, free of any wire format. An absent field leaves the choice to the engine. */
export interface GenerateRequest {
  readonly prompt: Prompt;
  /** Number of choices, at least 1; seeds are seed + i. */
  readonly choices: number;
  readonly maxTokens?: number;
  readonly stop: readonly string[];
  readonly seed?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  /** Token id to bias, −100 to 100. */
  readonly logitBias?: ReadonlyMap<number, number>;
  /** An end user's id, for upstreams that look for abuse. */
  readonly user?: string;
  /** Headers by which the replica's logs and traces can be matched with ours: `x-request-id`, W3C Trace Context. */
  readonly trace?: Readonly<Record<string, string>>;
}

export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

/** Tokens of one request; undefined is "the engine did not say", which is not zero. */
export interface TokenUsage {
  readonly promptTokens: number | undefined;
  readonly completionTokens: number | undefined;
  /** Part of the prompt that came from the engine's prefix cache. */
  readonly cachedTokens: number | undefined;
}

/**
 * What a generation is made of. `start` comes first, at most once; `end` last, exactly once; between them each choice has its deltas
 * and then one `choice-end`. A failure is thrown, never an event.
 */
export type GenerateEvent =
  /** `promptTokens` where the engine knows them before the answer begins; `queuedMs`, how long it waited for a slot, where the engine tells. */
  | { readonly type: "start"; readonly upstreamId: string | undefined; readonly promptTokens?: number; readonly queuedMs?: number }
  | { readonly type: "text-delta"; readonly choice: number; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly choice: number; readonly text: string }
  | { readonly type: "choice-end"; readonly choice: number; readonly reason: FinishReason }
  | { readonly type: "end"; readonly usage: TokenUsage };
