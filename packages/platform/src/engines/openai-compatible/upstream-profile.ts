import type { GenerateRequest } from "../../engine/generation.ts";
import type { ReasoningStyle } from "./reasoning-styles.ts";
import type { RequestFieldName } from "./request-fields.ts";

/** What one kind of upstream is like, beyond the format that it claims to speak. */
export interface UpstreamProfile {
  /** Whose format its generations have: OpenAI's chat completions and completions, or Anthropic's messages. */
  readonly wire: "openai" | "anthropic";
  /** Up to and including the API's own prefix; absent where every customer or machine has its own. */
  readonly baseUrl?: string | undefined;
  /** Relative to the base URL. */
  readonly paths: GenerationPaths;
  /** What holds instead where the path of the base URL ends so. */
  readonly below?: { readonly ending: string; readonly paths: GenerationPaths; readonly lists: readonly string[] };
  /** Where models are listed, relative to the base URL: the first that exists. None: nothing can be asked without cost, so health is not asked for. */
  readonly lists: readonly string[];
  /** Stands before each id in the list, and need not be sent. */
  readonly idPrefix?: string | undefined;
  readonly keyHeader: KeyHeader;
  /** Sent with each call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the fields that not everybody has, those that it lacks. */
  readonly lacks: ReadonlySet<RequestFieldName>;
  /** Most alternatives of each token. */
  readonly mostAlternatives?: number;
  /** Names in a body that are others there. */
  readonly spelling: Readonly<Record<string, string>>;
  /** The same, in the body of a chat completion alone. */
  readonly chatSpelling: Readonly<Record<string, string>>;
  /** Names in a body that it refuses, and that change nothing: what they ask for is done here, or without being asked for. */
  readonly unsent: ReadonlySet<string>;
  /** What has to stand beside a name in a body. */
  readonly beside: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Where a format goes that `response_format` has no room for: the keys that lead to it. */
  readonly formatPlaces: { readonly [Kind in "regex" | "grammar"]?: readonly [string, ...string[]] };
  /** How probabilities of a chat are asked for: OpenAI's switch and number, or one number. */
  readonly logprobs: "switch" | "count";
  readonly reasoning: ReasoningStyle;
  /** Its words for classes of service; what stands not here is not sent, since the platform's own queues heed it. */
  readonly serviceTiers: { readonly [Tier in NonNullable<GenerateRequest["serviceTier"]>]?: string };
  readonly messages: MessageRules;
  /** Sent where the client sets no limit, for those that require one. */
  readonly defaultMaxTokens?: number;
}

/** `{model}` stands for the model's id, escaped. */
interface GenerationPaths {
  readonly chat: string;
  /** Unused where prompts that are texts are lacking. */
  readonly completions: string;
}

/** The header that carries the key, and what stands before the key in it. */
export interface KeyHeader {
  readonly name: string;
  readonly prefix: string;
}

export interface MessageRules {
  /** False: a result may not repeat its function's name. */
  readonly toolNames: boolean;
  /** Ids of calls that it accepts; others are replaced, each by the same one. */
  readonly callIds?: { readonly accepted: RegExp; readonly length: number };
}
