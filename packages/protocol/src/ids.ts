import { v7 } from "uuid";

/** Row ids: a prefix that says what the row is, then a UUIDv7 (RFC 9562), so that ids sort by creation time. */
export function newId(prefix: "key" | "req" | "att" | "resp" | "conv" | "msg" | "fc" | "rs" | "call"): string {
  return `${prefix}_${v7().replaceAll("-", "")}`;
}

/** The id that a dialect shows on the wire, derived from the request's own so that logs and answers can be matched. */
export function wireId(prefix: "chatcmpl" | "cmpl" | "resp" | "msg", requestId: string): string {
  return `${prefix}-${requestId.slice(requestId.indexOf("_") + 1)}`;
}
