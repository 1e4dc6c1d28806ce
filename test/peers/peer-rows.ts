import { z } from "zod";
import { LIMITED_MODEL, type PeerName, UNKNOWN_MODEL } from "./peers.ts";
import type { ProbedPeer } from "./probed-peer.ts";

/** What cells of the table say, and what that means. */
export const MARKS = {
  yes: "✓",
  ignored: "ignored",
  refused: "refused",
  broken: "502",
  none: "—",
} as const;
type Mark = (typeof MARKS)[keyof typeof MARKS];

/** A row of the table: a feature, what a peer does with it when it is tried, and what each does. */
export interface PeerRow {
  readonly feature: string;
  /** @throws for what no mark stands for. */
  readonly probe: (peer: ProbedPeer) => Promise<Mark>;
  readonly cells: Readonly<Record<PeerName, Mark>>;
  /** What any peer is good for, or may break: `npm test` tries it, and `npm run test:long` the rest. */
  readonly isCore?: true;
}

const { yes, ignored, refused, broken, none } = MARKS;
const EVERYWHERE = { llamacpp: yes, generic: yes, bonfire: yes, portkey: yes, litellm: yes } as const;

const NOTHING_BEHIND = { llamacpp: none, generic: none } as const;

const WEATHER = {
  type: "function",
  function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string", maxLength: 8 } }, required: ["city"] } },
};
const WET = { type: "object", properties: { wet: { type: "boolean" } }, required: ["wet"], additionalProperties: false };

/** @returns `yes`. @throws when what was expected is not so */
function holds(condition: boolean, found: unknown): Mark {
  if (!condition) throw new Error(`This is not what was asked for: ${JSON.stringify(found)}`);
  return yes;
}

const limitedBy = (peer: ProbedPeer) => peer.failure({ max_tokens: 2 }, { upstream: "-limited", model: LIMITED_MODEL });

const isJson = (schema: z.ZodType, text: string): boolean => {
  try {
    return schema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
};

export const PEER_ROWS: readonly PeerRow[] = [
  {
    feature: "chat, with its usage",
    isCore: true,
    probe: async (peer) => {
      const { choices, usage } = await peer.chat({ max_tokens: 6 });
      const [choice] = choices;
      // The model's template makes 36 tokens of the question.
      return holds(choice?.finish_reason === "length" && usage?.prompt_tokens === 36 && usage.completion_tokens === 6, { choices, usage });
    },
    cells: EVERYWHERE,
  },
  {
    feature: "the same chat streamed, with its usage",
    isCore: true,
    probe: async (peer) => {
      const chunks = await peer.chunks({ max_tokens: 6, stream_options: { include_usage: true } });
      const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
      const usage = chunks.at(-1)?.usage;
      return holds(text === (await peer.text({ max_tokens: 6 })) && usage?.prompt_tokens === 36 && usage.completion_tokens === 6, chunks);
    },
    cells: EVERYWHERE,
  },
  {
    feature: "text completions",
    probe: async (peer) => {
      const json = await peer.post("completions", { prompt: "The sea is", max_tokens: 4, temperature: 0 });
      return holds(z.object({ choices: z.array(z.object({ text: z.string().min(1) })).length(1) }).safeParse(json).success, json);
    },
    cells: EVERYWHERE,
  },
  {
    feature: "Responses and Messages",
    probe: async (peer) => {
      const response = await peer.post("responses", { input: "Hello", max_output_tokens: 3, store: false });
      const message = await peer.post("messages", { messages: [{ role: "user", content: "Hello" }], max_tokens: 3 });
      const told = JSON.stringify([response, message]);
      return holds(told.includes("output_text") && told.includes('"stop_reason":"max_tokens"'), told);
    },
    cells: EVERYWHERE,
  },
  {
    feature: "`stop`",
    probe: async (peer) => {
      const { choices } = await peer.chat({ max_tokens: 20, stop: [" is"] });
      return holds(choices[0]?.message.content === "The sea" && choices[0].finish_reason === "stop", choices);
    },
    cells: EVERYWHERE,
  },
  {
    feature: "`logprobs`",
    probe: async (peer) => {
      const { choices } = await peer.chat({ max_tokens: 2, logprobs: true, top_logprobs: 3 });
      const told = z.object({ content: z.array(z.object({ logprob: z.number().max(0), top_logprobs: z.array(z.object({})).length(3) })) });
      return holds(told.safeParse(choices[0]?.logprobs).success, choices);
    },
    cells: EVERYWHERE,
  },
  {
    feature: "`logit_bias`",
    // Token 28 is a comma.
    probe: async (peer) => holds((await peer.text({ max_tokens: 3, logit_bias: { "28": 100 } })) === ",,,", "no commas"),
    cells: EVERYWHERE,
  },
  {
    feature: "`top_k`",
    probe: async (peer) => {
      const [greedy, limited] = [await peer.text({ max_tokens: 8 }), await peer.text({ max_tokens: 8, temperature: 2, seed: 7, top_k: 1 })];
      return greedy === limited ? yes : ignored;
    },
    cells: { ...EVERYWHERE, portkey: ignored },
  },
  {
    feature: "`n`",
    probe: async (peer) => {
      const fields = { max_tokens: 2, n: 2 };
      const failure = await peer.failure(fields);
      if (failure?.status === 502) return broken;
      return holds((await peer.chat(fields)).choices.length === 2, failure);
    },
    cells: { ...EVERYWHERE, litellm: broken },
  },
  {
    feature: "`response_format` of `json_schema`",
    probe: async (peer) => {
      const format = { type: "json_schema", json_schema: { name: "sea", strict: true, schema: WET } };
      const text = await peer.text({ max_tokens: 60, response_format: format });
      return holds(isJson(z.strictObject({ wet: z.boolean() }), text), text);
    },
    cells: EVERYWHERE,
  },
  {
    feature: "`response_format` of `json_object`",
    probe: async (peer) => {
      const text = await peer.text({ max_tokens: 80, response_format: { type: "json_object" } });
      return holds(isJson(z.looseObject({}), text), text);
    },
    cells: EVERYWHERE,
  },
  {
    feature: "`response_format` of `grammar`",
    probe: async (peer) => {
      const fields = { max_tokens: 8, response_format: { type: "grammar", grammar: 'root ::= "yes" | "no"' } };
      const failure = await peer.failure(fields);
      if (failure?.status === 400) return refused;
      const text = await peer.text(fields);
      return holds(text === "yes" || text === "no", text);
    },
    cells: { ...EVERYWHERE, generic: refused, portkey: refused, litellm: refused },
  },
  {
    feature: "`tool_choice` of `required`, on a model without tools",
    probe: async (peer) => {
      const { choices } = await peer.chat({ max_tokens: 40, tools: [WEATHER], tool_choice: "required", parallel_tool_calls: false });
      const [call] = choices[0]?.message.tool_calls ?? [];
      if (call === undefined) return ignored;
      return holds(call.function.name === "weather" && isJson(z.object({ city: z.string() }), call.function.arguments), call);
    },
    cells: { llamacpp: ignored, generic: ignored, bonfire: yes, portkey: ignored, litellm: ignored },
  },
  {
    feature: "its list of models",
    isCore: true,
    probe: async (peer) => {
      await peer.listedContextLength();
      return yes;
    },
    cells: EVERYWHERE,
  },
  {
    feature: "the context length in its list",
    probe: async (peer) => ((await peer.listedContextLength()) === null ? none : yes),
    cells: { ...EVERYWHERE, litellm: none },
  },
  {
    feature: "a prompt that is too long: `context_length_exceeded`",
    isCore: true,
    probe: async (peer) => {
      const failure = await peer.failure({ messages: [{ role: "user", content: "sea ".repeat(20_000) }], max_tokens: 4 });
      return holds(failure?.status === 400 && failure.code === "context_length_exceeded", failure);
    },
    cells: EVERYWHERE,
  },
  {
    feature: "a model that it does not have: 502, and another deployment is tried",
    isCore: true,
    probe: async (peer) => {
      const failure = await peer.failure({ max_tokens: 2 }, { upstream: "-other", model: UNKNOWN_MODEL });
      if (failure === undefined) return ignored;
      if (failure.status === 400) return refused;
      return holds(failure.status === 502 && failure.message.includes("does not know the model"), failure);
    },
    cells: { llamacpp: ignored, generic: ignored, bonfire: yes, portkey: ignored, litellm: refused },
  },
  {
    feature: "a key that it refuses: 502, and another key is tried",
    isCore: true,
    probe: async (peer) => {
      const failure = await peer.failure({ max_tokens: 2 }, { upstream: "-refused" });
      if (failure?.status === 400) return refused;
      return holds(failure?.status === 502 && failure.message.includes("refused the platform's credentials"), failure);
    },
    cells: { ...EVERYWHERE, litellm: refused },
  },
  {
    feature: "429 of a server behind it",
    isCore: true,
    probe: async (peer) => {
      const failure = await limitedBy(peer);
      // There is no such upstream where nothing can stand behind the peer.
      if (failure?.code === "model_not_found") return none;
      return holds(failure?.status === 429 && failure.code === "rate_limit_exceeded", failure);
    },
    cells: { ...EVERYWHERE, ...NOTHING_BEHIND },
  },
  {
    feature: "the `Retry-After` beside it",
    isCore: true,
    probe: async (peer) => {
      const failure = await limitedBy(peer);
      if (failure?.code === "model_not_found") return none;
      return Number(failure?.retryAfter) > 5 ? yes : ignored;
    },
    cells: { ...EVERYWHERE, ...NOTHING_BEHIND, litellm: ignored },
  },
  {
    feature: "a hang-up of the client, streamed",
    isCore: true,
    probe: async (peer) => ((await peer.hangUpReachesEngine({ stream: true })) ? yes : ignored),
    cells: { ...EVERYWHERE, portkey: ignored },
  },
  {
    feature: "a hang-up of the client, not streamed",
    isCore: true,
    probe: async (peer) => ((await peer.hangUpReachesEngine({ stream: false })) ? yes : ignored),
    cells: { ...EVERYWHERE, portkey: ignored },
  },
];
