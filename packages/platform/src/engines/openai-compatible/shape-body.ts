import type { GenerateRequest } from "../../engine/generation.ts";
import { REASONING_STYLES } from "./reasoning-styles.ts";
import type { UpstreamProfile } from "./upstream-profile.ts";

type Body = Readonly<Record<string, unknown>>;

/** Turns a body in the common form into that of one kind of upstream; undefined where the two are the same. */
export function bodyShaper(profile: UpstreamProfile): ((body: Body, request: GenerateRequest) => Body) | undefined {
  const { spelling, chatSpelling, unsent, beside, formatPlaces, serviceTiers } = profile;
  const tables = [spelling, chatSpelling, beside, formatPlaces, serviceTiers];
  const isCommon = tables.every((table) => Object.keys(table).length === 0) && unsent.size === 0;
  if (isCommon && profile.reasoning === "template" && profile.logprobs === "switch") return undefined;
  return (body, request) => shapeBody(body, request, profile);
}

function shapeBody(body: Body, request: GenerateRequest, profile: UpstreamProfile): Body {
  const { serviceTier, reasoning = {} } = request;
  const tier = serviceTier === undefined ? undefined : profile.serviceTiers[serviceTier];
  const full = {
    ...placeFormat(countLogprobs(body, request, profile), request, profile),
    ...(profile.wire === "openai" ? REASONING_STYLES[profile.reasoning]?.(reasoning) : {}),
    ...(tier === undefined ? {} : { service_tier: tier }),
  };
  const isChat = request.prompt.kind === "chat";
  const spelt = Object.entries(full).flatMap(([name, value]): [string, unknown][] => {
    if (profile.unsent.has(name)) return [];
    const theirs = (isChat ? profile.chatSpelling[name] : undefined) ?? profile.spelling[name] ?? name;
    return [[theirs, value], ...Object.entries(profile.beside[theirs] ?? {})];
  });
  return Object.fromEntries(spelt);
}

/** Together's one number; text completions have it anyhow. */
function countLogprobs(body: Body, { prompt, logprobs }: GenerateRequest, profile: UpstreamProfile): Body {
  if (profile.logprobs === "switch" || prompt.kind !== "chat" || logprobs === undefined) return body;
  const { top_logprobs: _, ...rest } = body;
  return { ...rest, logprobs: logprobs.alternatives };
}

function placeFormat(body: Body, { format }: GenerateRequest, { formatPlaces }: UpstreamProfile): Body {
  if (format?.kind !== "regex" && format?.kind !== "grammar") return body;
  const place = formatPlaces[format.kind];
  if (place === undefined) return body;
  const { response_format: _, ...rest } = body;
  const [first, ...inner] = place;
  const notation = format.kind === "regex" ? format.pattern : format.gbnf;
  return { ...rest, [first]: inner.reduceRight<unknown>((value, key) => ({ [key]: value }), notation) };
}
