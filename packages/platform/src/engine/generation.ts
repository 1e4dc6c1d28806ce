/** A JSON Schema whose root is an object of keywords. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a picture is given as: an address that has yet to be fetched, or its bytes. Engines get bytes. */
export type ImageSource =
  | { readonly kind: "url"; readonly url: string; readonly detail: "auto" | "low" | "high" }
  | { readonly kind: "bytes"; readonly mediaType: string; readonly base64: string };

export type ContentPart =
  | { readonly kind: "text"; readonly text: string }
  /** `param` is where the client put it, for errors. */
  | { readonly kind: "image"; readonly source: ImageSource; readonly param: string };

/** A call that a model made. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text of the arguments, as the model wrote it. */
  readonly arguments: string;
}

/** Text of several parts is joined by the dialect that read it; parts stay apart only where pictures stand between them. */
export type ChatMessage =
  | { readonly role: "system"; readonly content: string; readonly name?: string }
  | { readonly role: "user"; readonly content: string | readonly ContentPart[]; readonly name?: string }
  | {
      readonly role: "assistant";
      readonly content: string;
      /** What a reasoning model thought before this answer; templates decide whether they keep it. */
      readonly reasoning?: string;
      readonly toolCalls?: readonly ToolCall[];
      readonly name?: string;
    }
  /** What came of a call. */
  | { readonly role: "tool"; readonly toolCallId: string; readonly content: string; readonly name?: string };

export type Prompt =
  | { readonly kind: "chat"; readonly messages: readonly ChatMessage[] }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "tokens"; readonly tokens: readonly number[] };

export interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  /** Of an object. */
  readonly parameters: JsonSchema;
  /** The arguments must keep to the schema in full: what cannot be enforced is refused. */
  readonly strict: boolean;
  /** Where the client put the schema, for errors: `tools[0].function.parameters`. */
  readonly param: string;
}

export interface ToolUse {
  /** At least one, names unique. */
  readonly definitions: readonly ToolDefinition[];
  /** `none`: the model may know of them but not call them; `required`: it must call one. */
  readonly choice: "auto" | "none" | "required";
  /** Names of those that may be called, where not all may. */
  readonly allowed?: readonly string[];
  /** More than one call in one answer. */
  readonly parallel: boolean;
}

/** What the answer's text has to be. `param` is where the client put it, for errors. */
export type OutputFormat =
  | { readonly kind: "json-object"; readonly param: string }
  | {
      readonly kind: "json-schema";
      readonly schema: JsonSchema;
      /** What cannot be enforced while decoding is refused; otherwise it is validated when the answer is complete. */
      readonly strict: boolean;
      readonly name?: string;
      readonly description?: string;
      readonly param: string;
    }
  | { readonly kind: "regex"; readonly pattern: string; readonly param: string }
  /** `gbnf`: llama.cpp's notation (grammars/README.md there). */
  | { readonly kind: "grammar"; readonly gbnf: string; readonly param: string };

/** How a reasoning model thinks. An absent field leaves the choice to the model's template. */
export interface ReasoningOptions {
  readonly enabled?: boolean;
  /** A template's own word: `none`, `minimal`, `low`, `medium`, `high`, `xhigh`. */
  readonly effort?: string;
  /** Most tokens to think. */
  readonly budgetTokens?: number;
  /** Which thoughts of earlier turns the model sees: none, those since the last user message, all. */
  readonly history?: "disabled" | "interleaved" | "preserved";
}

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
  readonly topK?: number;
  readonly minP?: number;
  readonly typicalP?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  /** 1 is none (Keskar et al. 2019). */
  readonly repetitionPenalty?: number;
  /** Mirostat 2.0 (Basu et al. 2021): target entropy in nats, and its learning rate. */
  readonly mirostat?: { readonly target?: number; readonly learningRate?: number };
  /** Token id to bias, −100 to 100. */
  readonly logitBias?: ReadonlyMap<number, number>;
  /** Goes on after the end of the answer, up to the limit. */
  readonly ignoreEos?: boolean;
  readonly format?: OutputFormat;
  readonly tools?: ToolUse;
  readonly reasoning?: ReasoningOptions;
  /** Variables of the model's chat template. */
  readonly templateArguments?: Readonly<Record<string, unknown>>;
  /** Log-probabilities of each generated token and of so many alternatives (0: of none). */
  readonly logprobs?: { readonly alternatives: number };
  /** The prompt is told in a `prompt` event, with log-probabilities of its tokens where they are asked for. */
  readonly echo?: { readonly logprobs?: { readonly alternatives: number } };
  /** Ids of the prompt's and the answer's tokens are told. */
  readonly tokenIds?: boolean;
  /** When prompt and `maxTokens` together exceed the context: refuse, or generate what fits. @default "truncate" */
  readonly overflow?: "error" | "truncate";
  /** Drops the oldest turns, never the system's, until the prompt has so many tokens; `"context"`: until it leaves room for an answer. */
  readonly truncatePrompt?: number | "context";
  /** Requests with the same key are likely to begin alike. */
  readonly cacheKey?: string;
  /** How urgent it is, where the other side sells classes of service. */
  readonly serviceTier?: "auto" | "default" | "flex" | "priority";
  /** An end user's id, for upstreams that look for abuse. */
  readonly user?: string;
  /** Headers by which the replica's logs and traces can be matched with ours: `x-request-id`, W3C Trace Context. */
  readonly trace?: Readonly<Record<string, string>>;
}

export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

/** Tokens of one request; undefined is "the engine did not say", which is not zero. */
export interface TokenUsage {
  readonly promptTokens: number | undefined;
  /** All that were generated, those of the reasoning included. */
  readonly completionTokens: number | undefined;
  /** Part of the prompt that came from the engine's prefix cache. */
  readonly cachedTokens: number | undefined;
  /** Part of the completion. */
  readonly reasoningTokens?: number | undefined;
}

export interface TokenAlternative {
  readonly token: string;
  readonly tokenId?: number;
  /** Natural logarithm. */
  readonly logprob: number;
  /** The token's own bytes, which may be no whole UTF-8; null where the engine does not tell. */
  readonly bytes: readonly number[] | null;
}

export interface TokenLogprob extends TokenAlternative {
  /** The most likely tokens at this place, best first. */
  readonly alternatives: readonly TokenAlternative[];
}

/**
 * What a generation is made of. `start` comes first, at most once; `end` last, exactly once; between them each choice has its `prompt` where
 * that was asked for, its deltas and then one `choice-end`. A failure is thrown, never an event.
 */
export type GenerateEvent =
  | {
      readonly type: "start";
      readonly upstreamId: string | undefined;
      /** Where the engine knows them before the answer begins. */
      readonly promptTokens?: number;
      /** How long it waited for a slot, where the engine tells. */
      readonly queuedMs?: number;
      /** What of the asked format is not enforced while decoding: `not at properties.age`. */
      readonly unenforced?: readonly string[];
      /** Fields of the request that have no effect on this model, in OpenAI's spelling. */
      readonly ignored?: readonly string[];
    }
  /** The prompt as the model saw it. The first token's log-probability is null: nothing stands before it. */
  | {
      readonly type: "prompt";
      readonly choice: number;
      readonly text: string;
      readonly tokenIds?: readonly number[];
      readonly logprobs?: readonly (TokenLogprob | { readonly token: string; readonly tokenId?: number; readonly logprob: null })[];
    }
  /** `logprobs` and `tokenIds` are those of exactly the tokens whose text ends in this delta; a text may be empty while a character is incomplete. */
  | {
      readonly type: "text-delta";
      readonly choice: number;
      readonly text: string;
      readonly logprobs?: readonly TokenLogprob[];
      readonly tokenIds?: readonly number[];
    }
  | { readonly type: "reasoning-delta"; readonly choice: number; readonly text: string }
  /** `call` counts the calls of a choice from 0; calls do not interleave. */
  | { readonly type: "tool-call-start"; readonly choice: number; readonly call: number; readonly id: string; readonly name: string }
  /** A piece of the arguments' JSON text. */
  | { readonly type: "tool-call-delta"; readonly choice: number; readonly call: number; readonly arguments: string }
  /** `stopSequence`: the one of `stop` that ended it, where the engine tells. */
  | { readonly type: "choice-end"; readonly choice: number; readonly reason: FinishReason; readonly stopSequence?: string }
  | { readonly type: "end"; readonly usage: TokenUsage };

/** What can be counted: a prompt, with what else becomes part of it. */
export type TokenizeRequest = Pick<GenerateRequest, "prompt" | "tools" | "format" | "reasoning" | "templateArguments"> & {
  /** Whether a text gets the tokens that models expect at its beginning. @default true */
  readonly addSpecialTokens?: boolean;
};
