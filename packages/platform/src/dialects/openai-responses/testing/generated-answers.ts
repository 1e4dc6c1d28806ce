import fc from "fast-check";
import type { FinishReason, GenerateEvent } from "../../../engine/generation.ts";

const text = fc.string({ unit: "grapheme", maxLength: 6 });
const token = fc.record({
  token: text,
  logprob: fc.double({ min: -20, max: -0.001, noNaN: true }),
  bytes: fc.option(fc.array(fc.nat(255), { maxLength: 3 })),
});
const logprobs = fc.array(
  fc.tuple(token, fc.array(token, { maxLength: 2 })).map(([own, alternatives]) => ({ ...own, alternatives })),
  { maxLength: 2 },
);

const delta: fc.Arbitrary<GenerateEvent[]> = fc.oneof(
  text.map((piece): GenerateEvent[] => [{ type: "text-delta", choice: 0, text: piece }]),
  fc.tuple(text, logprobs).map(([piece, tokens]): GenerateEvent[] => [{ type: "text-delta", choice: 0, text: piece, logprobs: tokens }]),
  text.map((piece): GenerateEvent[] => [{ type: "reasoning-delta", choice: 0, text: piece }]),
  fc
    .tuple(text, fc.array(text, { maxLength: 3 }))
    .map(([name, pieces]): GenerateEvent[] => [
      { type: "tool-call-start", choice: 0, call: 0, id: `call_${name}`, name },
      ...pieces.map((piece): GenerateEvent => ({ type: "tool-call-delta", choice: 0, call: 0, arguments: piece })),
    ]),
);

/** Any legal order of one choice's events: thoughts, texts and calls mixed. */
export function generatedAnswers(): fc.Arbitrary<GenerateEvent[]> {
  return fc
    .tuple(fc.array(delta, { maxLength: 8 }), fc.constantFrom<FinishReason>("stop", "length", "tool_calls", "content_filter"), fc.nat(99))
    .map(([deltas, reason, tokens]) => [
      { type: "start", upstreamId: undefined },
      ...numberCalls(deltas.flat()),
      { type: "choice-end", choice: 0, reason },
      { type: "end", usage: { promptTokens: tokens, completionTokens: tokens + 1, cachedTokens: undefined } },
    ]);
}

function numberCalls(events: readonly GenerateEvent[]): GenerateEvent[] {
  let call = -1;
  return events.map((event) => {
    if (event.type === "tool-call-start") call++;
    return event.type === "tool-call-start" || event.type === "tool-call-delta" ? { ...event, call } : event;
  });
}
