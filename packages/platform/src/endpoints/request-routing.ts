import { durationMs, durationText } from "@bonfire/protocol/durations";
import { ApiError } from "@bonfire/protocol/errors";
import { type Caller, OPERATOR } from "../access/caller.ts";
import type { GenerateRequest } from "../engine/generation.ts";
import type { RequestUse, RoutedRequest } from "../routing/route.ts";
import { beginningOf, estimatePromptTokens } from "./prompt-text.ts";

const TIERS = ["priority", "default", "flex", "batch"] as const;
/** How urgent a request is, from the most to the least. */
type RequestTier = (typeof TIERS)[number];

/** What the headers of a request say about its way, whatever dialect its body has. */
interface RoutingHeaders {
  readonly tags: readonly string[];
  /** What related requests have in common. */
  readonly session: string | undefined;
  /** `default`: as the route says. `ttlMs`: how long the answer may be kept; undefined leaves that to the route. */
  readonly cache: { readonly kind: "default" } | { readonly kind: "off" } | { readonly kind: "on"; readonly ttlMs: number | undefined };
  /** Wins over the body's `service_tier`. */
  readonly tier: RequestTier | undefined;
}

type ReadHeader = (name: string) => string | undefined;

const MOST_TAGS = 20;
const MOST_TAG_CHARACTERS = 100;
/** Longer ones are cut: clients that know nothing of this server send them as well, and they are only compared. */
const MOST_SESSION_CHARACTERS = 256;
const MOST_TTL_MS = 30 * 24 * 3_600_000;
/** Ours; Fireworks'; and what other clients and gateways send. The first one that is there counts. */
const SESSION_HEADERS = ["x-bonfire-session", "x-session-affinity", "x-session-id", "session_id"] as const;

const NO_TAGS: readonly string[] = [];
const CACHE_DEFAULT = { kind: "default" } as const;
const CACHE_OFF = { kind: "off" } as const;
const CACHE_ON = { kind: "on", ttlMs: undefined } as const;

/** @throws ApiError `invalid_value` that names the header. */
export function readRoutingHeaders(header: ReadHeader): RoutingHeaders {
  return { tags: readTags(header), session: readSession(header), cache: readCache(header), tier: readTier(header) };
}

/** What a request waits as: its header's word, else its body's. `auto` leaves the choice to this platform. */
export function tierOf(headers: Pick<RoutingHeaders, "tier">, bodyTier: GenerateRequest["serviceTier"]): RequestTier {
  return headers.tier ?? (bodyTier === undefined || bodyTier === "auto" ? "default" : bodyTier);
}

interface CallToRoute {
  /** One for each prompt; they go the same way. */
  readonly requests: readonly GenerateRequest[];
  /** Undefined for the operator's socket. */
  readonly caller: Pick<Caller, "projectId" | "keyId"> | undefined;
  readonly headers: Pick<RoutingHeaders, "tags" | "session">;
}

/** What routing looks at in a call. Of several prompts the longest one has to fit, and the first one tells what they begin with. */
export function routedRequestOf({ requests, caller, headers }: CallToRoute): RoutedRequest {
  const [first] = requests;
  const { projectId, keyId } = caller ?? OPERATOR;
  let promptTokens = 0;
  for (const request of requests) promptTokens = Math.max(promptTokens, estimatePromptTokens(request));
  let text: string | undefined;
  return {
    projectId,
    keyId,
    tags: headers.tags,
    promptTokens,
    uses: usesOf(requests),
    isChat: first?.prompt.kind === "chat",
    session: headers.session ?? first?.cacheKey ?? first?.user,
    promptText: () => {
      text ??= first === undefined ? "" : beginningOf(first);
      return text;
    },
  };
}

const USES: Readonly<Record<RequestUse, (request: GenerateRequest) => boolean>> = {
  images: ({ prompt }) =>
    prompt.kind === "chat" &&
    prompt.messages.some(
      ({ role, content }) => role === "user" && typeof content !== "string" && content.some(({ kind }) => kind === "image"),
    ),
  tools: ({ tools }) => tools !== undefined && tools.choice !== "none",
  format: ({ format }) => format !== undefined,
  reasoning: ({ reasoning }) =>
    reasoning !== undefined &&
    reasoning.enabled !== false &&
    (reasoning.enabled ?? reasoning.effort ?? reasoning.budgetTokens) !== undefined,
  logprobs: ({ logprobs, echo }) => logprobs !== undefined || echo?.logprobs !== undefined,
};
const ALL_USES = ["images", "tools", "format", "reasoning", "logprobs"] as const satisfies readonly RequestUse[];
const NO_USES: ReadonlySet<RequestUse> = new Set();

function usesOf(requests: readonly GenerateRequest[]): ReadonlySet<RequestUse> {
  const uses = ALL_USES.filter((use) => requests.some(USES[use]));
  return uses.length === 0 ? NO_USES : new Set(uses);
}

function readTags(header: ReadHeader): readonly string[] {
  const name = "x-bonfire-tags";
  const value = header(name);
  if (value === undefined) return NO_TAGS;
  const tags = new Set(value.split(",").map((tag) => tag.trim()));
  tags.delete("");
  const longest = Math.max(0, ...[...tags].map((tag) => tag.length));
  if (tags.size <= MOST_TAGS && longest <= MOST_TAG_CHARACTERS) return [...tags];
  const got = tags.size > MOST_TAGS ? `${tags.size} tags` : `one of ${longest} characters`;
  throw wrong(name, `up to ${MOST_TAGS} tags of up to ${MOST_TAG_CHARACTERS} characters with commas between them`, got);
}

function readSession(header: ReadHeader): string | undefined {
  for (const name of SESSION_HEADERS) {
    const session = header(name);
    if (session !== undefined && session !== "") return session.slice(0, MOST_SESSION_CHARACTERS);
  }
  return undefined;
}

function readCache(header: ReadHeader): RoutingHeaders["cache"] {
  const name = "x-bonfire-cache";
  const value = header(name)?.trim().toLowerCase();
  if (value === undefined || value === "") return CACHE_DEFAULT;
  if (value === "on") return CACHE_ON;
  if (value === "off" || value === "no-store") return CACHE_OFF;
  const ttlMs = value.startsWith("ttl=") ? readTtl(value.slice("ttl=".length)) : undefined;
  if (ttlMs !== undefined && ttlMs > 0 && ttlMs <= MOST_TTL_MS) return { kind: "on", ttlMs };
  throw wrong(name, "on, off, or how long to keep the answer, up to 30 days: ttl=5m, ttl=300", quote(value));
}

/** A number alone is seconds, as in `max-age`. */
function readTtl(text: string): number | undefined {
  const { success, data } = durationText.safeParse(/^\d+$/.test(text) ? `${text}s` : text);
  return success ? durationMs(data) : undefined;
}

function readTier(header: ReadHeader): RequestTier | undefined {
  const name = "x-bonfire-priority";
  const value = header(name)?.trim().toLowerCase();
  if (value === undefined || value === "") return undefined;
  const tier = TIERS.find((known) => known === value);
  if (tier === undefined) throw wrong(name, `one of ${TIERS.join(", ")}`, quote(value));
  return tier;
}

const MOST_QUOTED_CHARACTERS = 40;
const quote = (value: string): string => `'${value.slice(0, MOST_QUOTED_CHARACTERS).toWellFormed()}'`;

function wrong(name: string, expected: string, got: string): ApiError {
  return new ApiError("invalid_value", `Invalid value for the header '${name}': expected ${expected}, but got ${got}.`, { param: name });
}
