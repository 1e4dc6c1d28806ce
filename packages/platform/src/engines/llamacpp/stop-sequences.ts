import { lengthBeforePartialMark, TextWithTokens } from "../../dialects/prompted-tools/text-with-tokens.ts";
import type { GenerateEvent, TokenUsage } from "../../engine/generation.ts";

/**
 * Ends the answer's text before the first stop sequence in it, and leaves the engine's stream there. Done here rather than by the server: its own
 * would also end thoughts and the arguments of calls, and it does not say which tokens it holds back.
 * @param usage what the engine has told so far
 */
export async function* endAtStop(
  events: AsyncIterable<GenerateEvent>,
  stop: readonly string[],
  usage: () => TokenUsage,
): AsyncGenerator<GenerateEvent> {
  const held = new TextWithTokens();
  for await (const event of events) {
    if (event.type === "text-delta") {
      held.add(event);
      const found = firstOf(held.text, stop);
      const length = found?.at ?? Math.min(...stop.map((sequence) => lengthBeforePartialMark(held.text, sequence)));
      if (length > 0) yield { type: "text-delta", choice: event.choice, ...held.take(length) };
      if (found === undefined) continue;
      yield { type: "choice-end", choice: event.choice, reason: "stop", stopSequence: found.sequence };
      yield { type: "end", usage: usage() };
      return;
    }
    if ((event.type === "choice-end" || event.type === "tool-call-start") && held.text !== "") {
      yield { type: "text-delta", choice: event.choice, ...held.take(held.text.length) };
    }
    yield event;
  }
}

/** The one that begins first; of those that begin at one place, the one named first. */
function firstOf(text: string, stop: readonly string[]): { readonly at: number; readonly sequence: string } | undefined {
  let first: { at: number; sequence: string } | undefined;
  for (const sequence of stop) {
    const at = text.indexOf(sequence);
    if (at >= 0 && (first === undefined || at < first.at)) first = { at, sequence };
  }
  return first;
}
