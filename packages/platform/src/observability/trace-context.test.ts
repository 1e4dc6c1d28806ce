import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatTraceparent, readTraceContext, traceHeaders } from "./trace-context.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";
const VALID = `00-${TRACE_ID}-${SPAN_ID}-01`;

const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length })
    .filter((digits) => !/^0+$/.test(digits));

describe("a traceparent", () => {
  it("is read", () => {
    expect(readTraceContext({ traceparent: VALID })).toEqual({
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      sampled: true,
      traceparent: VALID,
      tracestate: undefined,
    });
  });

  it.each([
    ["absent", undefined],
    ["empty", ""],
    ["sent twice", `${VALID}, ${VALID}`],
    ["in capitals", VALID.toUpperCase()],
    ["of the forbidden version", `ff-${TRACE_ID}-${SPAN_ID}-01`],
    ["with a zero trace id", `00-${"0".repeat(32)}-${SPAN_ID}-01`],
    ["with a zero span id", `00-${TRACE_ID}-${"0".repeat(16)}-01`],
    ["with a short trace id", `00-${TRACE_ID.slice(1)}-${SPAN_ID}-01`],
    ["with more than version 00 has", `${VALID}-more`],
    ["with a trailing line end", `${VALID}\n`],
    ["with spaces", ` ${VALID}`],
    ["of a later version with junk", `01-${TRACE_ID}-${SPAN_ID}-01x`],
  ])("that is %s is ignored", (_, traceparent) => {
    expect(readTraceContext({ traceparent })).toBeUndefined();
  });

  it("of a later version may have more fields", () => {
    expect(readTraceContext({ traceparent: `cc-${TRACE_ID}-${SPAN_ID}-03-what-comes` })).toMatchObject({
      traceId: TRACE_ID,
      sampled: true,
    });
  });

  it("tells by one bit alone whether it is sampled", () => {
    expect(readTraceContext({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-02` })?.sampled).toBe(false);
    expect(readTraceContext({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-ff` })?.sampled).toBe(true);
  });

  it("reads back as it was written", () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
        expect(readTraceContext({ traceparent: formatTraceparent({ traceId, spanId, sampled }) })).toMatchObject({
          traceId,
          spanId,
          sampled,
        });
      }),
    );
  });

  it("of any other form is ignored and never thrown on", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."0123456789abcdef-") })),
        fc.string(),
        (traceparent, tracestate) => {
          const context = readTraceContext({ traceparent, tracestate });
          expect(context === undefined || /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/.test(traceparent)).toBe(true);
        },
      ),
    );
  });
});

describe("a tracestate", () => {
  const read = (tracestate: string) => readTraceContext({ traceparent: VALID, tracestate })?.tracestate;

  it.each(["congo=t61rcWkgMzE,rojo=00f067aa0ba902b7", "a=1 ,\tb=2", "tenant@vendor=x", "a=1,,b=2"])(
    "such as %j is passed on as it came",
    (tracestate) => {
      expect(read(tracestate)).toBe(tracestate);
    },
  );

  it.each([
    ["has no value", "congo"],
    ["has two values", "congo=a=b"],
    ["has a bad key", "Congo=a"],
    ["names a key twice", "a=1,a=2"],
    ["has more than 32 members", Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(",")],
    [
      "is longer than anybody needs",
      `a=${"x".repeat(250)},b=${"x".repeat(250)},c=${"x".repeat(250)},d=${"x".repeat(250)},e=${"x".repeat(100)}`,
    ],
    ["holds what no header may", "a=\u00e9"],
    ["is empty", ""],
  ])("that %s is dropped; the traceparent stays", (_, tracestate) => {
    expect(read(tracestate)).toBeUndefined();
    expect(readTraceContext({ traceparent: VALID, tracestate })?.traceId).toBe(TRACE_ID);
  });

  it("goes out only where there is one", () => {
    expect(traceHeaders(VALID, undefined)).toEqual({ traceparent: VALID });
    expect(traceHeaders(VALID, "a=1")).toEqual({ traceparent: VALID, tracestate: "a=1" });
  });
});
