import { setMaxListeners } from "node:events";
import type { GenerateEvent, TokenUsage } from "./generation.ts";

interface Part {
  /** Number of choices that the part has; its choice i becomes `offset of the part + i`. */
  readonly choices: number;
  readonly events: (signal: AbortSignal) => AsyncIterable<GenerateEvent>;
}

/**
 * Runs several generations at once as one: events interleave as they come, choices are renumbered in order, one `start`, one `end`.
 * When one fails the others are aborted and its error is thrown; when the consumer leaves, all are.
 * @param promptIsShared true for n choices of one prompt (which counts once), false for several prompts (whose tokens add up).
 */
export async function* mergeGenerations(
  parts: readonly Part[],
  { promptIsShared, signal }: { readonly promptIsShared: boolean; readonly signal: AbortSignal },
): AsyncGenerator<GenerateEvent> {
  const abort = new AbortController();
  const all = AbortSignal.any([signal, abort.signal]);
  // Each part listens to it: many are no leak.
  setMaxListeners(0, all);
  const usages: TokenUsage[] = [];
  let started = false;

  let offset = 0;
  const running = new Map<number, { iterator: AsyncIterator<GenerateEvent>; offset: number; next: Promise<Arrival> }>();
  parts.forEach((part, index) => {
    const iterator = part.events(all)[Symbol.asyncIterator]();
    running.set(index, { iterator, offset, next: arrival(index, iterator) });
    offset += part.choices;
  });

  try {
    while (running.size > 0) {
      const { index, result } = await Promise.race([...running.values()].map(({ next }) => next));
      const source = running.get(index);
      if (source === undefined) continue;
      if (result.done === true) {
        running.delete(index);
        continue;
      }
      source.next = arrival(index, source.iterator);
      const event = result.value;
      if (event.type === "end") usages.push(event.usage);
      else if (event.type !== "start") yield { ...event, choice: event.choice + source.offset };
      else if (!started) {
        started = true;
        yield event;
      }
    }
    yield { type: "end", usage: totalUsage(usages, promptIsShared) };
  } finally {
    abort.abort(new Error("the generation it belonged to has ended"));
    // A part that is still asked for its next event settles through the signal; its outcome no longer matters.
    await Promise.allSettled([...running.values()].map(({ next }) => next));
    await Promise.allSettled([...running.values()].map(({ iterator }) => iterator.return?.()));
  }
}

interface Arrival {
  readonly index: number;
  readonly result: IteratorResult<GenerateEvent>;
}

function arrival(index: number, iterator: AsyncIterator<GenerateEvent>): Promise<Arrival> {
  const next = iterator.next().then((result) => ({ index, result }));
  // It may fail while the consumer holds another event: the race looks at it only afterwards.
  next.catch(() => undefined);
  return next;
}

function totalUsage(usages: readonly TokenUsage[], promptIsShared: boolean): TokenUsage {
  const promptUsages = promptIsShared ? usages.slice(0, 1) : usages;
  return {
    promptTokens: sum(promptUsages.map((usage) => usage.promptTokens)),
    completionTokens: sum(usages.map((usage) => usage.completionTokens)),
    cachedTokens: sum(promptUsages.map((usage) => usage.cachedTokens)),
    reasoningTokens: sum(usages.map((usage) => usage.reasoningTokens)),
  };
}

/** One unknown makes the whole unknown. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  let total = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    total += value;
  }
  return total;
}
