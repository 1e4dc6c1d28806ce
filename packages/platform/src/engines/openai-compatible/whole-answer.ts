import { z } from "zod";

/** Text of the first data that cannot be a chunk: chunks have deltas. */
const HAS_MESSAGE = /"message"\s*:\s*\{/;

const wholeAnswer = z.looseObject({
  choices: z.array(
    z.looseObject({
      message: z.looseObject({ tool_calls: z.array(z.looseObject({})).nullish().catch(undefined) }),
    }),
  ),
});

/**
 * Turns a whole chat completion, which some servers give where a stream was asked for, into the one chunk that says the same. Whatever else
 * comes is passed on untouched; only the first data is looked at.
 */
export function wholeAnswerAsChunk(data: AsyncIterable<readonly string[]>): AsyncIterable<readonly string[]> {
  return { [Symbol.asyncIterator]: () => new FirstLook(data[Symbol.asyncIterator]()) };
}

/** An iterator rather than a generator, because every token passes through it: behind the first batch it adds nothing. */
class FirstLook implements AsyncIterator<readonly string[], unknown> {
  readonly #data: AsyncIterator<readonly string[]>;
  #hasLooked = false;

  constructor(data: AsyncIterator<readonly string[]>) {
    this.#data = data;
  }

  next(): Promise<IteratorResult<readonly string[], unknown>> {
    if (this.#hasLooked) return this.#data.next();
    return this.#look();
  }

  async return(): Promise<IteratorResult<readonly string[], unknown>> {
    await this.#data.return?.();
    return { done: true, value: undefined };
  }

  async #look(): Promise<IteratorResult<readonly string[], unknown>> {
    const result = await this.#data.next();
    if (result.done === true) return result;
    const [first, ...others] = result.value;
    if (first === undefined) return result;
    this.#hasLooked = true;
    const chunk = HAS_MESSAGE.test(first) ? asChunk(first) : undefined;
    return chunk === undefined ? result : { done: false, value: [chunk, ...others] };
  }
}

/** @returns undefined for what is no whole answer. */
function asChunk(text: string): string | undefined {
  const parsed = wholeAnswer.safeParse(parseText(text));
  if (!parsed.success) return undefined;
  const choices = parsed.data.choices.map(({ message, ...choice }, index) => ({
    index,
    ...choice,
    delta: { ...message, tool_calls: message.tool_calls?.map((call, place) => ({ index: place, ...call })) },
  }));
  return JSON.stringify({ ...parsed.data, choices });
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
