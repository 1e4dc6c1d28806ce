import type { RequestFieldName } from "./request-fields.ts";
import type { KeyHeader, UpstreamProfile } from "./upstream-profile.ts";

/** What no server that speaks this format can be asked for. */
export const NOBODY_HAS: readonly RequestFieldName[] = ["promptFit", "chatEcho"];

/** What servers for one's own machines have beyond OpenAI's API. */
export const BEYOND_OPENAI: readonly RequestFieldName[] = [
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
];

/** Of those who serve chats alone. */
export const PROMPTS_OF_TEXT: readonly RequestFieldName[] = ["textPrompt", "tokenPrompt"];

/** @param but what of them it has after all. */
export function lacking(fields: readonly RequestFieldName[], but: readonly RequestFieldName[] = []): ReadonlySet<RequestFieldName> {
  return new Set(fields.filter((name) => !but.includes(name)));
}

const BEARER: KeyHeader = { name: "authorization", prefix: "Bearer " };

/** Whoever claims OpenAI's format, with all that servers for one's own machines understand beyond it. */
export const COMMON = {
  wire: "openai",
  paths: { chat: "chat/completions", completions: "completions" },
  lists: ["models"],
  keyHeader: BEARER,
  headers: {},
  lacks: lacking(NOBODY_HAS),
  spelling: {},
  chatSpelling: {},
  unsent: new Set<string>(),
  beside: {},
  formatPlaces: {},
  logprobs: "switch",
  reasoning: "template",
  serviceTiers: {},
  messages: { toolNames: true },
} as const satisfies UpstreamProfile;

export const EVERY_TIER = { auto: "auto", default: "default", flex: "flex", priority: "priority" } as const;
