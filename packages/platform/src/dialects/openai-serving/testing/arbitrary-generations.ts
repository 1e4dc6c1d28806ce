import fc from "fast-check";
import type { FinishReason, GenerateEvent, TokenLogprob, TokenUsage } from "../../../engine/generation.ts";

interface Wanted {
  readonly reasoning: boolean;
  readonly mostCalls: number;
  /** `ids`: with those of the tokens. */
  readonly logprobs: "none" | "plain" | "ids";
}

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
/** Without -0, which JSON does not have. */
const logprob = fc.double({ min: -50, max: 0, noNaN: true }).map((value) => value + 0);
const usage: fc.Arbitrary<TokenUsage> = fc.record({
  promptTokens: fc.nat(10_000),
  completionTokens: fc.nat(10_000),
  cachedTokens: fc.option(fc.nat(10_000), { nil: undefined }),
});

/** A call whose arguments come in pieces. */
const call = fc
  .record({
    name: fc.constantFrom("f", "get_weather", "g-1"),
    value: fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
    cuts: fc.array(fc.nat(20), { maxLength: 3 }),
  })
  .map(({ name, value, cuts }) => {
    const whole = JSON.stringify(value);
    const places = [0, ...cuts.sort((a, b) => a - b), whole.length];
    return {
      name,
      pieces: places
        .slice(1)
        .map((end, index) => whole.slice(places[index], end))
        .filter((piece) => piece !== ""),
    };
  });

function token(wanted: Wanted["logprobs"]): fc.Arbitrary<TokenLogprob> {
  const bytes = fc.option(fc.array(fc.nat(255), { maxLength: 3 }), { nil: null });
  const alternative = fc.record({ token: text, logprob, bytes });
  const fields = { token: text, logprob, bytes, alternatives: fc.array(alternative, { maxLength: 2 }) };
  return wanted === "ids" ? fc.record({ ...fields, tokenId: fc.nat(50_000) }) : fc.record(fields);
}

function textDelta(wanted: Wanted["logprobs"]): fc.Arbitrary<{ text: string; logprobs?: TokenLogprob[] }> {
  if (wanted === "none") return text.map((value) => ({ text: value }));
  return fc
    .array(token(wanted), { minLength: 1, maxLength: 3 })
    .map((logprobs) => ({ text: logprobs.map((entry) => entry.token).join(""), logprobs }));
}

/** Any legal order: up to three choices interleaved, each with its thoughts, its text, its calls and its end. */
export function generations({ reasoning, mostCalls, logprobs }: Wanted): fc.Arbitrary<GenerateEvent[]> {
  const choice = fc.record({
    thoughts: fc.array(text, { maxLength: reasoning ? 3 : 0 }),
    deltas: fc.array(textDelta(logprobs), { maxLength: 5 }),
    calls: fc.array(call, { maxLength: mostCalls }),
    reason: fc.constantFrom<FinishReason>("stop", "length", "content_filter"),
  });
  return fc.tuple(fc.array(choice, { minLength: 1, maxLength: 3 }), usage, fc.infiniteStream(fc.nat())).map(([choices, counted, picks]) => {
    const queues = choices.map(({ thoughts, deltas, calls, reason }, index): GenerateEvent[] => [
      ...thoughts.map((thought) => ({ type: "reasoning-delta", choice: index, text: thought }) as const),
      ...deltas.map((delta) => ({ type: "text-delta", choice: index, ...delta }) as const),
      ...calls.flatMap(({ name, pieces }, number): GenerateEvent[] => [
        { type: "tool-call-start", choice: index, call: number, id: `call_${index}_${number}`, name },
        ...pieces.map((piece) => ({ type: "tool-call-delta", choice: index, call: number, arguments: piece }) as const),
      ]),
      { type: "choice-end", choice: index, reason: calls.length > 0 && reason === "stop" ? "tool_calls" : reason },
    ]);
    const events: GenerateEvent[] = [{ type: "start", upstreamId: "id-1" }];
    for (let open = queues.filter((queue) => queue.length > 0); open.length > 0; open = queues.filter((queue) => queue.length > 0)) {
      const next = open[picks.next().value % open.length]?.shift();
      if (next !== undefined) events.push(next);
    }
    return [...events, { type: "end", usage: counted }];
  });
}

/** What the events say, however they are cut and interleaved: the pieces of each choice in order, neighbours of one kind joined. */
export function substanceOf(events: readonly GenerateEvent[]): unknown {
  const choices = new Map<number, GenerateEvent[]>();
  const others: GenerateEvent[] = [];
  for (const event of events) {
    if (event.type === "start" || event.type === "end") {
      others.push(event);
      continue;
    }
    const known = choices.get(event.choice) ?? [];
    choices.set(event.choice, known);
    const joined = join(known.at(-1), event);
    if (joined === undefined) known.push(event);
    else known[known.length - 1] = joined;
  }
  return { choices: [...choices].sort(([a], [b]) => a - b), others };
}

function join(last: GenerateEvent | undefined, next: GenerateEvent): GenerateEvent | undefined {
  if (last?.type === "text-delta" && next.type === "text-delta") {
    const logprobs = [...(last.logprobs ?? []), ...(next.logprobs ?? [])];
    return { ...last, text: last.text + next.text, ...(logprobs.length > 0 ? { logprobs } : {}) };
  }
  if (last?.type === "reasoning-delta" && next.type === "reasoning-delta") return { ...last, text: last.text + next.text };
  if (last?.type === "tool-call-delta" && next.type === "tool-call-delta" && last.call === next.call) {
    return { ...last, arguments: last.arguments + next.arguments };
  }
  return undefined;
}
