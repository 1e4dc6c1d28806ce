import type { FinishReason, GenerateEvent, TokenUsage } from "./generation.ts";

interface GeneratedChoice {
  readonly text: string;
  readonly reasoning: string;
  readonly finishReason: FinishReason;
}

export interface Generation {
  readonly choices: readonly GeneratedChoice[];
  readonly usage: TokenUsage;
}

/** The non-streamed answer is the fold of the streamed events, so that the two cannot disagree. Choices come in index order. */
export async function foldGeneration(events: AsyncIterable<GenerateEvent>): Promise<Generation> {
  const open = new Map<number, { text: string; reasoning: string }>();
  const ended = new Map<number, GeneratedChoice>();
  const choice = (index: number) => {
    const known = open.get(index) ?? { text: "", reasoning: "" };
    open.set(index, known);
    return known;
  };
  let usage: TokenUsage = { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined };
  for await (const event of events) {
    switch (event.type) {
      case "start":
        break;
      case "text-delta":
        choice(event.choice).text += event.text;
        break;
      case "reasoning-delta":
        choice(event.choice).reasoning += event.text;
        break;
      case "choice-end":
        ended.set(event.choice, { ...choice(event.choice), finishReason: event.reason });
        break;
      case "end":
        usage = event.usage;
        break;
    }
  }
  const choices = [...ended.entries()].sort(([a], [b]) => a - b).map(([, value]) => value);
  return { choices, usage };
}
