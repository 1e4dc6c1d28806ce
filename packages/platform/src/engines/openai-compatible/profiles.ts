import type { RequestFieldName } from "./request-fields.ts";

/** What one kind of upstream understands. */
export interface UpstreamProfile {
  /** Of the fields that not everybody has, those that it lacks. */
  readonly lacks: ReadonlySet<RequestFieldName>;
  /** Names in the body of a chat completion that are others there. */
  readonly chatSpelling: Readonly<Record<string, string>>;
}

/** What no server that speaks this format can be asked for. */
const NOBODY_HAS: readonly RequestFieldName[] = ["promptFit", "chatEcho"];

/**
 * `generic`: any server that claims compatibility. It is sent what vLLM, SGLang, llama.cpp and Bonfire understand beyond OpenAI, all of them
 * together: most servers read these fields, some leave them unheeded without a word, a few refuse them. `openai`: OpenAI itself and servers as
 * strict; what they lack is refused here, before anything is sent.
 */
export const PROFILES = {
  generic: { lacks: new Set(NOBODY_HAS), chatSpelling: {} },
  openai: {
    lacks: new Set<RequestFieldName>([
      ...NOBODY_HAS,
      "topK",
      "minP",
      "typicalP",
      "repetitionPenalty",
      "mirostat",
      "ignoreEos",
      "regex",
      "grammar",
      "formatOfText",
      "templateArguments",
      "reasoningSwitch",
      "reasoningBudget",
      "reasoningHistory",
      "promptLength",
      "truncatedAnswer",
      "tokenIds",
    ]),
    // Its reasoning models refuse the old name.
    chatSpelling: { max_tokens: "max_completion_tokens" },
  },
} as const satisfies Readonly<Record<string, UpstreamProfile>>;

/** @param name absent for the default. @throws Error for a name that none has. */
export function findProfile(name = "generic"): UpstreamProfile {
  const found = Object.entries(PROFILES).find(([known]) => known === name);
  if (found === undefined) throw new Error(`No upstream profile is called "${name}"; there are ${Object.keys(PROFILES).join(" and ")}.`);
  return found[1];
}
