import { describe, expect, it } from "vitest";
import { foldGeneration } from "../../engine/fold-generation.ts";
import { CompletionReader } from "./completion-reader.ts";
import type { Thinking } from "./think-splitter.ts";

const LAST = {
  content: "",
  stop: true,
  stop_type: "eos",
  tokens_predicted: 9,
  tokens_evaluated: 20,
  timings: { cache_n: 4 },
};

const token = (content: string, tokens_predicted: number, more: object = {}) => ({
  content,
  stop: false,
  tokens: [tokens_predicted],
  tokens_predicted,
  ...more,
});

async function* chunks(batches: readonly (readonly (object | string)[])[]): AsyncGenerator<readonly string[]> {
  for (const batch of batches) yield batch.map((chunk) => (typeof chunk === "string" ? chunk : JSON.stringify(chunk)));
}

interface Options {
  readonly thinking?: Thinking;
  readonly thinkingBudget?: number;
  readonly tokenIds?: boolean;
  readonly logprobs?: { readonly alternatives: number };
}

function read(batches: readonly (readonly (object | string)[])[], options: Options = {}) {
  return new CompletionReader(chunks(batches), { thinking: "none", tokenIds: false, cachedTokens: undefined, ...options });
}

describe("CompletionReader", () => {
  it("reads tokens, why the answer ended, and what it used", async () => {
    const { choices, usage } = await foldGeneration(
      read([
        [token("a", 1), token("b", 2)],
        [token("", 3), LAST],
      ]),
    );
    expect(choices[0]).toMatchObject({ text: "ab", finishReason: "stop" });
    expect(usage).toEqual({ promptTokens: 20, completionTokens: 9, cachedTokens: 4 });
    const cut = await foldGeneration(read([[token("a", 1), { ...LAST, stop_type: "limit" }]]));
    expect(cut.choices[0]?.finishReason).toBe("length");
  });

  it("tells at each event what was used up to it, also where several came at once", async () => {
    const reader = read([[token("a", 1), token("b", 2), token("c", 3), LAST]]);
    const used: (number | undefined)[] = [];
    for await (const _ of reader) used.push(reader.usage.completionTokens);
    expect(used).toEqual([1, 2, 3, 9, 9]);
  });

  it("takes the prompt's length and cache from the server's progress", async () => {
    const progress = {
      content: "",
      tokens: [0],
      stop: false,
      tokens_predicted: 0,
      prompt_progress: { total: 30, cache: 11, processed: 30, time_ms: 1 },
    };
    const { choices, usage } = await foldGeneration(read([[progress, token("a", 1), LAST]], { tokenIds: true }));
    expect(usage).toMatchObject({ promptTokens: 30, cachedTokens: 11 });
    expect(choices[0]?.tokenIds).toEqual([1]);
  });

  it("gives each token its log-probability, of as many alternatives as were asked for", async () => {
    const other = { id: 7, token: "x", bytes: [120], logprob: -2 };
    const probabilities = [
      { id: 1, token: "é", bytes: [195, 169], logprob: -1, top_logprobs: [{ id: 1, token: "é", bytes: [195, 169], logprob: -1 }, other] },
    ];
    const { choices } = await foldGeneration(
      read(
        [[token("é", 2, { completion_probabilities: probabilities }), token("", 3, { completion_probabilities: probabilities }), LAST]],
        {
          logprobs: { alternatives: 1 },
        },
      ),
    );
    expect(choices[0]?.logprobs).toEqual([
      {
        token: "é",
        tokenId: 1,
        logprob: -1,
        bytes: [195, 169],
        alternatives: [{ token: "é", tokenId: 1, logprob: -1, bytes: [195, 169] }],
      },
    ]);
  });

  it("counts the tokens of thoughts, the marks' among them", async () => {
    const { choices, usage } = await foldGeneration(
      read([[token("Hm", 1), token("</", 2), token("think>", 3), token("\n\n", 4), token("Yes", 5), LAST]], { thinking: "open" }),
    );
    expect(choices[0]).toMatchObject({ reasoning: "Hm", text: "Yes" });
    expect(usage).toMatchObject({ completionTokens: 9, reasoningTokens: 3 });
  });

  it("breaks off where the budget for thoughts is used up, also within one batch", async () => {
    const reader = read([[token("a", 1), token("b", 2), token("c", 3), LAST]], { thinking: "open", thinkingBudget: 2 });
    const events = [];
    for await (const event of reader) events.push(event);
    expect(events.map((event) => ("text" in event ? event.text : event.type))).toEqual(["a", "b"]);
    expect(reader).toMatchObject({ brokeOff: true, generated: "ab", usage: { completionTokens: 2, reasoningTokens: 2 } });
  });

  it("hands out what came before a failure", async () => {
    const texts: string[] = [];
    const failing = async () => {
      for await (const event of read([[token("a", 1), { error: { code: 500, message: "Unexpected empty grammar stack" } }]])) {
        if (event.type === "text-delta") texts.push(event.text);
      }
    };
    await expect(failing()).rejects.toMatchObject({ kind: "interrupted" });
    expect(texts).toEqual(["a"]);
  });

  it.each([
    ["no JSON", ["nonsense"], "bad-response"],
    ["a token without text", [{ tokens: [1], tokens_predicted: 1 }], "bad-response"],
    ["a list", ["[]"], "bad-response"],
    ["an end that is missing", [token("a", 1)], "interrupted"],
  ])("fails at %s", async (_, batch, kind) => {
    await expect(foldGeneration(read([batch]))).rejects.toMatchObject({ kind });
  });
});
