import type { Dialect } from "@bonfire/protocol/dialect";
import { wireId } from "@bonfire/protocol/ids";

/** What every body and chunk of one answer repeats. */
export interface AnswerHead {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  /** The name that the client asked for, not what it resolved to. */
  readonly model: string;
  /** How long it has taken so far, for those who ask; the first token is undefined where none was seen yet. */
  readonly timing?: () => { readonly firstTokenMs: number | undefined; readonly elapsedMs: number };
}

/** An answer's id as the dialect has it, made of the request's own so that logs and answers can be matched. */
export function answerId(dialect: Dialect, prefix: "chatcmpl" | "cmpl", requestId: string): string {
  if (dialect === "openai") return wireId(prefix, requestId);
  const digits = requestId.slice(requestId.indexOf("_") + 1);
  if (dialect === "together") return digits;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.+)$/, "$1-$2-$3-$4-$5");
}
