import { v7 } from "uuid";

const UUID_BYTES = 16;
/** Asking for sixteen random bytes costs nearly as much as asking for a page of them. */
const RANDOM = new Uint8Array(256 * UUID_BYTES);
let drawn = RANDOM.length;
let latestMs = 0;
let sequence = 0;

/** Row ids: a prefix that says what the row is, then a UUIDv7 (RFC 9562), so that ids sort by creation time. */
export function newId(prefix: "key" | "req" | "att" | "resp" | "conv" | "msg" | "fc" | "rs" | "call" | "ups"): string {
  const random = drawRandom();
  const now = Date.now();
  // Within a millisecond the sequence keeps the order; it begins anywhere in its lower half, so that it does not run over.
  if (now > latestMs) {
    latestMs = now;
    sequence = new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1;
  } else sequence++;
  return `${prefix}_${v7({ random, msecs: latestMs, seq: sequence }).replaceAll("-", "")}`;
}

/** Each byte is given out once. */
function drawRandom(): Uint8Array {
  if (drawn === RANDOM.length) {
    crypto.getRandomValues(RANDOM);
    drawn = 0;
  }
  drawn += UUID_BYTES;
  return RANDOM.subarray(drawn - UUID_BYTES, drawn);
}

/** The id that a dialect shows on the wire, derived from the request's own so that logs and answers can be matched. */
export function wireId(prefix: "chatcmpl" | "cmpl" | "resp" | "msg", requestId: string): string {
  return `${prefix}-${requestId.slice(requestId.indexOf("_") + 1)}`;
}
