import { ApiError, ERRORS, type ErrorCode } from "@bonfire/protocol/errors";
import { z } from "zod";
import { EngineError } from "../../engine/engine-error.ts";

const KINDS = [
  ...(["unsupported", "invalid-request", "context-overflow", "not-found", "content-policy", "refused"] as const),
  ...(["rate-limited", "overloaded", "unreachable", "interrupted", "timeout", "bad-response"] as const),
] as const;

const engineDetails = z.object({
  status: z.number().exactOptional(),
  retryAfterMs: z.number().exactOptional(),
  hasOtherCredentials: z.boolean().exactOptional(),
  upstreamBody: z.string().exactOptional(),
  promptIsAtFault: z.boolean().exactOptional(),
  param: z.string().exactOptional(),
  promptTokens: z.number().exactOptional(),
  maxTokens: z.number().exactOptional(),
  contextTokens: z.number().exactOptional(),
});

const codes = z.custom<ErrorCode>((value) => typeof value === "string" && Object.hasOwn(ERRORS, value));

/** What was thrown, and the messages of its causes. */
const failure = z.discriminatedUnion("from", [
  z.object({
    from: z.literal("engine"),
    kind: z.enum(KINDS),
    message: z.string(),
    details: engineDetails,
    cause: z.string().exactOptional(),
  }),
  z.object({
    from: z.literal("platform"),
    code: codes,
    message: z.string(),
    param: z.string().nullable(),
    headers: z.record(z.string(), z.string()),
    cause: z.string().exactOptional(),
  }),
  z.object({ from: z.literal("elsewhere"), message: z.string() }),
]);

const failureEvent = z.object({ type: z.literal("failure"), failure });
export type FailureEvent = z.infer<typeof failureEvent>;

export function encodeFailure(error: unknown): FailureEvent {
  return { type: "failure", failure: describe(error) };
}

/** @returns what to throw; undefined for what is no failure. */
export function decodeFailure(value: unknown): Error | undefined {
  const { data } = failureEvent.safeParse(value);
  if (data === undefined) return undefined;
  const told = data.failure;
  if (told.from === "elsewhere") return new EngineError("interrupted", "The engine's side failed.", { cause: new Error(told.message) });
  const cause = told.cause === undefined ? {} : { cause: new Error(told.cause) };
  if (told.from === "engine") return new EngineError(told.kind, told.message, { ...told.details, ...cause });
  const { code, message, param, headers } = told;
  return new ApiError(code, message, { headers, ...(param === null ? {} : { param }), ...cause });
}

function describe(error: unknown): FailureEvent["failure"] {
  if (error instanceof EngineError) {
    const { kind, message, details } = error;
    return { from: "engine", kind, message, details: engineDetails.parse(details), ...causeOf(error) };
  }
  if (error instanceof ApiError) {
    const { code, message, param, headers } = error;
    return { from: "platform", code, message, param, headers: { ...headers }, ...causeOf(error) };
  }
  return { from: "elsewhere", message: error instanceof Error ? messagesOf(error) : String(error) };
}

function causeOf({ cause }: Error): { readonly cause?: string } {
  return cause instanceof Error ? { cause: messagesOf(cause) } : {};
}

function messagesOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${messagesOf(error.cause)}` : error.message;
}
