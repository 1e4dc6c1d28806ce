import { PROFILES } from "../profiles.ts";
import { REQUEST_FIELDS, type RequestField, type RequestFieldName } from "../request-fields.ts";
import type { UpstreamProfile } from "../upstream-profile.ts";

const code = (text: string): string => `\`${text}\``;
const codes = (texts: Iterable<string>): string => [...texts].map(code).join(", ");

const ALL = Object.entries<UpstreamProfile>(PROFILES);

/** Profile, default base URL, path of a chat, where models are listed, header of the key. */
export function addressRows(): string[][] {
  return ALL.map(([name, { baseUrl, paths, below, lists, keyHeader, headers }]) => [
    code(name),
    baseUrl === undefined ? "–" : code(baseUrl),
    code(paths.chat) + (below === undefined || below.paths === paths ? "" : `; below ${code(below.ending)}: ${code(below.paths.chat)}`),
    (lists.length === 0 ? "nowhere" : lists.map(code).join(", else ")) +
      (below?.lists.length === 0 ? `; below ${code(below.ending)}: nowhere` : ""),
    [`${keyHeader.name}: ${keyHeader.prefix}…`, ...Object.entries(headers).map((header) => header.join(": "))].map(code).join(", "),
  ]);
}

/** Field, what becomes of it where it is lacking, where that is. */
export function fieldRows(): string[][] {
  return Object.entries<RequestField>(REQUEST_FIELDS).map(([name, field]) => [
    code(field.param({ prompt: { kind: "text", text: "" }, choices: 1, stop: [] })),
    (field.leaveOut === undefined ? "refused" : "left out, and told") + (field.neutral === undefined ? "" : ", unless it asks for nothing"),
    codes(ALL.filter(([, { lacks }]) => [...lacks].some((lacked: RequestFieldName) => lacked === name)).map(([profile]) => profile)),
  ]);
}

/** Profile, what a client says, what is sent. */
export function bodyRows(): string[][] {
  return ALL.flatMap(([name, profile]) => differences(profile).map(([here, there]) => [code(name), here, there]));
}

function differences(profile: UpstreamProfile): [string, string][] {
  const { spelling, chatSpelling, formatPlaces, serviceTiers, unsent, beside, messages, reasoning } = profile;
  const besides = (there: string): string =>
    Object.entries(beside[there] ?? {})
      .map(([key, value]) => `, with ${code(`${key}: ${value}`)}`)
      .join("");
  return [
    ...Object.entries(spelling).map(([here, there]): [string, string] => [code(here), code(there) + besides(there)]),
    ...Object.entries(chatSpelling).map(([here, there]): [string, string] => [`${code(here)} of a chat`, code(there)]),
    ...Object.entries(formatPlaces).map(([kind, path]): [string, string] => [`a format of the kind ${code(kind)}`, code(path.join("."))]),
    ...(profile.logprobs === "count" ? [["`logprobs` of a chat", "one number"] satisfies [string, string]] : []),
    ...(profile.mostAlternatives === undefined
      ? []
      : [["`top_logprobs`", `at most ${profile.mostAlternatives}`] satisfies [string, string]]),
    ...(reasoning === "template" ? [] : [["how to think", REASONING_WORDS[reasoning]] satisfies [string, string]]),
    ...tierRow(serviceTiers),
    ...(unsent.size === 0 ? [] : [[codes(unsent), "nothing"] satisfies [string, string]]),
    ...(messages.toolNames ? [] : [["names of functions at results of calls", "nothing"] satisfies [string, string]]),
    ...(messages.callIds === undefined ? [] : [["ids of calls", code(messages.callIds.accepted.source)] satisfies [string, string]]),
    ...(profile.defaultMaxTokens === undefined
      ? []
      : [["no limit", `\`max_tokens: ${profile.defaultMaxTokens}\``] satisfies [string, string]]),
  ];
}

function tierRow(tiers: UpstreamProfile["serviceTiers"]): [string, string][] {
  const told = Object.entries(tiers);
  return told.length === 0
    ? []
    : [["`service_tier`", told.map(([here, there]) => (here === there ? code(here) : `${code(here)} as ${code(there)}`)).join(", ")]];
}

const REASONING_WORDS = {
  effort: "`reasoning_effort`",
  switch: "`reasoning.enabled`, `reasoning_effort`",
  type: "`thinking.type`, `reasoning_effort`",
  budget: "`thinking.type`, `thinking.budget_tokens`, or `reasoning_effort`; `reasoning_history`",
  object: "`reasoning.enabled`, `reasoning.max_tokens` or `reasoning.effort`",
} as const;
