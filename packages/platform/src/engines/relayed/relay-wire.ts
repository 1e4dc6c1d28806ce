import type { GenerateEvent, GenerateRequest, TokenizeRequest } from "../../engine/generation.ts";

/**
 * How engines of one process are used by another of the same platform, over a private socket: requests and events are JSON as they are, but for
 * what JSON has no form for. Both ends are this program, so that only the outlines are checked.
 */
export const RELAY_PATHS = {
  generate: "generate",
  load: "load",
  tokenize: "tokenize",
  detokenize: "detokenize",
  health: "health",
} as const;

/** The model that is meant, and what is asked of it. */
export interface RelayedCall {
  readonly model: string;
  readonly request: unknown;
}

/** The only event of a load. */
export const LOADED = '{"type":"loaded"}';

/** Of each event but the numbers JSON lacks: only log-probabilities can be infinite. */
export function encodeEvent(event: GenerateEvent): string {
  const hasNumbers = event.type === "prompt" || (event.type === "text-delta" && event.logprobs !== undefined);
  return hasNumbers ? JSON.stringify(event, infinityAsText) : JSON.stringify(event);
}

/** Undefined for what is none. */
export function decodeEvent(text: string): GenerateEvent | undefined {
  const value: unknown = text.includes(MINUS_INFINITY) ? JSON.parse(text, infinityFromText) : JSON.parse(text);
  return isEvent(value) ? value : undefined;
}

export function isLastEvent(text: string): boolean {
  return text.startsWith('{"type":"end"') || text.startsWith('{"type":"failure"') || text === LOADED;
}

export function encodeRequest({ logitBias, ...request }: GenerateRequest): unknown {
  return logitBias === undefined ? request : { ...request, logitBias: [...logitBias] };
}

/** @throws TypeError */
export function decodeRequest(value: unknown): GenerateRequest {
  const { logitBias, ...rest } = requireObject(value);
  const request = logitBias === undefined ? rest : { ...rest, logitBias: new Map(readPairs(logitBias)) };
  if (isRequest(request)) return request;
  throw new TypeError("This is no request for a generation.");
}

/** @throws TypeError */
export function decodeTokenizeRequest(value: unknown): TokenizeRequest {
  const request = requireObject(value);
  if (isTokenizeRequest(request)) return request;
  throw new TypeError("This is no request to tokenize.");
}

/** @throws TypeError */
export function decodeTokens(value: unknown): readonly number[] {
  if (Array.isArray(value) && value.every((token) => typeof token === "number")) return value;
  throw new TypeError("These are no tokens.");
}

/** @throws TypeError */
export function decodeCall(text: string): RelayedCall {
  const { model, request } = requireObject(JSON.parse(text));
  if (typeof model !== "string") throw new TypeError("The call names no model.");
  return { model, request };
}

const EVENT_TYPES: ReadonlySet<unknown> = new Set<GenerateEvent["type"]>([
  ...(["start", "prompt", "text-delta", "reasoning-delta", "tool-call-start", "tool-call-delta", "choice-end", "end"] as const),
]);
/** A key that no log-probability of a finite number has, and no text begins a value with. */
const MINUS_INFINITY = '"logprob":"-Infinity"';

function isEvent(value: unknown): value is GenerateEvent {
  return typeof value === "object" && value !== null && "type" in value && EVENT_TYPES.has(value.type);
}

function isRequest(value: object): value is GenerateRequest {
  return "prompt" in value && "choices" in value && "stop" in value && Array.isArray(value.stop);
}

function isTokenizeRequest(value: object): value is TokenizeRequest {
  return "prompt" in value;
}

function requireObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new TypeError("This is no object.");
}

function readPairs(value: unknown): (readonly [number, number])[] {
  if (!Array.isArray(value)) throw new TypeError("These are no pairs of numbers.");
  return value.map((pair: unknown) => {
    const [id, bias]: unknown[] = Array.isArray(pair) ? pair : [];
    if (typeof id !== "number" || typeof bias !== "number") throw new TypeError("This is no pair of numbers.");
    return [id, bias] as const;
  });
}

function infinityAsText(key: string, value: unknown): unknown {
  return key === "logprob" && value === Number.NEGATIVE_INFINITY ? "-Infinity" : value;
}

function infinityFromText(key: string, value: unknown): unknown {
  return key === "logprob" && value === "-Infinity" ? Number.NEGATIVE_INFINITY : value;
}
