import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldGeneration, type GeneratedChoice } from "../../engine/fold-generation.ts";
import type { GenerateEvent } from "../../engine/generation.ts";
import { readChatStream } from "../openai-chat/calling.ts";
import { readCompletionStream } from "../openai-completions/calling.ts";
import type { AnswerReading } from "./generation-stream.ts";

type Fields = Record<string, unknown>;

async function* dataOf(chunks: readonly unknown[]): AsyncGenerator<readonly string[]> {
  yield [...chunks.map((chunk) => JSON.stringify(chunk)), "[DONE]"];
}

const inChoice = (fields: Fields): Fields => ({ id: "x", choices: [{ index: 0, finish_reason: null, ...fields }] });
const finish = (reason: string, fields: Fields = {}): Fields => inChoice({ delta: {}, finish_reason: reason, ...fields });
const chat = (chunks: readonly unknown[], reading?: AnswerReading) => readChatStream(dataOf(chunks), 1, reading);
const completion = (chunks: readonly unknown[], reading?: AnswerReading) => readCompletionStream(dataOf(chunks), 1, reading);

async function collect(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent[]> {
  const all: GenerateEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

async function choiceOf(events: AsyncIterable<GenerateEvent>): Promise<GeneratedChoice> {
  const [choice] = (await foldGeneration(events)).choices;
  if (choice === undefined) throw new Error("No choice came to its end.");
  return choice;
}

describe("a stream of chunks", () => {
  it("means the same by its fields whether it is read by hand or by the schema", async () => {
    const delta = fc.record(
      { role: fc.constantFrom("assistant", "", null), content: fc.option(fc.string()), reasoning_content: fc.option(fc.string()) },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(delta, { maxLength: 5 }), async (deltas) => {
        const plain = [...deltas.map((fields) => inChoice({ delta: fields })), finish("stop")];
        const decorated = [...deltas.map((fields) => inChoice({ delta: fields, seed: 7 })), finish("stop")];
        expect(await collect(chat(decorated))).toEqual(await collect(chat(plain)));
      }),
    );
  });

  it("tells thoughts in the text apart, unless the server does so itself", async () => {
    const inText = await choiceOf(
      chat([...["<thi", "nk>hm", "</think>\n", "Yes."].map((content) => inChoice({ delta: { content } })), finish("stop")]),
    );
    expect(inText).toMatchObject({ reasoning: "hm", text: "Yes." });
    const apart = await choiceOf(
      chat([inChoice({ delta: { reasoning: "hm" } }), inChoice({ delta: { content: "<think> is a tag" } }), finish("stop")]),
    );
    expect(apart).toMatchObject({ reasoning: "hm", text: "<think> is a tag" });
  });

  it("leaves the tags of a continued text alone", async () => {
    expect(await choiceOf(completion([inChoice({ text: "<think>x</think>" }), finish("stop")]))).toMatchObject({
      text: "<think>x</think>",
    });
  });

  it("takes thoughts that come under both names once", async () => {
    expect(await choiceOf(chat([inChoice({ delta: { reasoning: "hm", reasoning_content: "hm" } }), finish("stop")]))).toMatchObject({
      reasoning: "hm",
    });
  });

  it("ends with tool_calls where calls were made, and only there, whatever the server says", async () => {
    const call = { tool_calls: [{ index: 0, id: "x", function: { name: "f", arguments: "{}" } }] };
    expect(await choiceOf(chat([inChoice({ delta: call, finish_reason: "stop" })]))).toMatchObject({
      finishReason: "tool_calls",
      toolCalls: [{ id: "x", name: "f", arguments: "{}" }],
    });
    expect((await choiceOf(chat([inChoice({ delta: call }), finish("length")]))).finishReason).toBe("length");
    expect((await choiceOf(chat([inChoice({ delta: { content: "hi" } }), finish("tool_calls")]))).finishReason).toBe("stop");
    const legacy = { function_call: { name: "f", arguments: { a: 1 } } };
    expect(await choiceOf(chat([inChoice({ delta: legacy }), finish("function_call")]))).toMatchObject({
      finishReason: "tool_calls",
      toolCalls: [{ name: "f", arguments: '{"a":1}' }],
    });
  });

  it.each([
    ["vLLM", { stop_reason: "###" }, "###"],
    ["SGLang", { matched_stop: "###" }, "###"],
    ["a server that names a token", { stop_reason: 128_009 }, undefined],
    ["a server that does not tell", { stop_reason: null }, undefined],
  ])("tells the stop sequence as %s does", async (_, fields, expected) => {
    expect((await choiceOf(chat([inChoice({ delta: { content: "hi" } }), finish("stop", fields)]))).stopSequence).toBe(expected);
  });

  it.each([
    ["OpenAI", { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14, completion_tokens_details: { reasoning_tokens: 3 } }, [9, 5, 3]],
    [
      "a server that counts thoughts beside the answer",
      { prompt_tokens: 9, completion_tokens: 5, total_tokens: 17, completion_tokens_details: { reasoning_tokens: 3 } },
      [9, 8, 3],
    ],
    ["SGLang", { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14, reasoning_tokens: 2 }, [9, 5, 2]],
    ["a server with the names of the Responses API", { input_tokens: 9, output_tokens: 5 }, [9, 5, undefined]],
  ])("counts tokens as %s does", async (_, usage, expected) => {
    const counted = (await foldGeneration(chat([finish("stop"), { choices: [], usage }]))).usage;
    expect([counted.promptTokens, counted.completionTokens, counted.reasoningTokens]).toEqual(expected);
  });

  it.each([
    ["negative counts", { prompt_tokens: -9, completion_tokens: -5, total_tokens: -14 }],
    ["counts without end", { prompt_tokens: 1e300, completion_tokens: 1e300 }],
    ["words", { prompt_tokens: "nine", completion_tokens: {}, prompt_tokens_details: "none", completion_tokens_details: [] }],
    ["no object", "nine"],
  ])("takes the usage of a complete answer for unknown where it has %s", async (_, usage) => {
    const counted = (await foldGeneration(chat([finish("stop"), { choices: [], usage }]))).usage;
    expect([counted.promptTokens, counted.completionTokens, counted.cachedTokens]).toEqual([undefined, undefined, undefined]);
  });

  it.each(["{", '{"choices":[],"usage":{"prompt_tokens":NaN}}', '{"choices":"none"}'])(
    "is complete although %s follows its finish reason",
    async (text) => {
      const data = (async function* () {
        yield [JSON.stringify(finish("stop")), text, "[DONE]"];
      })();
      expect((await foldGeneration(readChatStream(data, 1))).choices).toMatchObject([{ finishReason: "stop" }]);
    },
  );

  it("ends with content_filter where the model refused, with its words as the text", async () => {
    const chunks = [
      inChoice({ delta: { role: "assistant", content: null, refusal: "I" } }),
      inChoice({ delta: { refusal: " can't." } }),
      finish("stop"),
    ];
    expect(await choiceOf(chat(chunks))).toMatchObject({ text: "I can't.", finishReason: "content_filter" });
  });

  it("names the fields that were not sent", async () => {
    const [start] = await collect(chat([finish("stop")], { ignored: ["user"] }));
    expect(start).toMatchObject({ type: "start", ignored: ["user"] });
  });

  it("fails on a choice that nobody asked for", async () => {
    await expect(collect(chat([{ choices: [{ index: 3, delta: { content: "hi" } }] }]))).rejects.toMatchObject({ kind: "bad-response" });
  });

  it("hands out the ids of tokens, those of the prompt first", async () => {
    const chunks = [{ ...inChoice({ delta: { content: "hi" }, token_ids: [5] }), prompt_token_ids: [1, 2] }, finish("stop")];
    const asked = { prompt: { kind: "chat", messages: [] }, tokenIds: true } as const;
    expect(await choiceOf(chat(chunks, { asked }))).toMatchObject({ prompt: { tokenIds: [1, 2] }, tokenIds: [5] });
  });
});

describe("log-probabilities", () => {
  const alternatives = [
    { token: "hi", logprob: -0.1, bytes: [104, 105] },
    { token: "ho", logprob: -2, bytes: null },
  ];

  it("are read from OpenAI's objects, and Fireworks' with ids", async () => {
    const content = [{ token: "hi", token_id: 7, logprob: -0.1, bytes: [104, 105], top_logprobs: alternatives }];
    expect((await choiceOf(chat([inChoice({ delta: { content: "hi" }, logprobs: { content } }), finish("stop")]))).logprobs).toEqual([
      { token: "hi", tokenId: 7, logprob: -0.1, bytes: [104, 105], alternatives },
    ]);
  });

  it("are read from arrays, the alternatives best first", async () => {
    const logprobs = { tokens: ["h", "i"], token_logprobs: [-0.5, -0.1], top_logprobs: [{ j: -3, h: -0.5 }, null], text_offset: [0, 1] };
    expect((await choiceOf(completion([inChoice({ text: "hi", logprobs }), finish("stop")]))).logprobs).toEqual([
      {
        token: "h",
        logprob: -0.5,
        bytes: null,
        alternatives: [
          { token: "h", logprob: -0.5, bytes: null },
          { token: "j", logprob: -3, bytes: null },
        ],
      },
      { token: "i", logprob: -0.1, bytes: null, alternatives: [] },
    ]);
  });

  it("are read from Together's one number", async () => {
    const chunk = inChoice({ text: "hi", delta: { content: "hi", token_id: 7 }, logprobs: -0.1, top_logprobs: { hi: -0.1 } });
    expect((await choiceOf(chat([chunk, finish("stop")]))).logprobs).toEqual([
      { token: "hi", tokenId: 7, logprob: -0.1, bytes: null, alternatives: [{ token: "hi", logprob: -0.1, bytes: null }] },
    ]);
  });

  it("come with the text that their tokens complete, and leave out what is no text", async () => {
    const entry = (token: string, bytes: number[]) => ({ token, logprob: -1, bytes, top_logprobs: [] });
    const chunks = [
      inChoice({ delta: { content: "" }, logprobs: { content: [entry("\\xc3", [0xc3])] } }),
      inChoice({ delta: { content: "é" }, logprobs: { content: [entry("\\xa9", [0xa9])] } }),
      inChoice({ delta: { content: "" }, logprobs: { content: [entry("<mark>", [])] } }),
      inChoice({ delta: { content: "!" }, logprobs: { content: [entry("!", [33])] } }),
      finish("stop", { logprobs: { content: [entry("<end>", [])] } }),
    ];
    const deltas = (await collect(chat(chunks))).filter((event) => event.type === "text-delta");
    expect(deltas.map(({ text, logprobs }) => [text, logprobs?.map(({ token }) => token)])).toEqual([
      ["é", ["\\xc3", "\\xa9"]],
      ["!", ["!"]],
    ]);
  });

  it("of thoughts in the text are not those of the answer", async () => {
    const tokens = ["<think>", "hm", "</think>", "Yes", "."];
    const chunks = tokens.map((content) =>
      inChoice({ delta: { content }, logprobs: { content: [{ token: content, logprob: -1, bytes: null, top_logprobs: [] }] } }),
    );
    const { text, logprobs } = await choiceOf(chat([...chunks, finish("stop")]));
    expect([text, logprobs.map(({ token }) => token)]).toEqual(["Yes.", ["Yes", "."]]);
  });
});

describe("an echoed prompt", () => {
  const arrays = (tokens: string[], values: (number | null)[]) => ({ tokens, token_logprobs: values, top_logprobs: null });

  it("of a text is known here, and nothing is taken off the answer", async () => {
    const asked = { prompt: { kind: "text", text: "Once" }, echo: {} } as const;
    expect(await choiceOf(completion([inChoice({ text: "Once more" }), finish("stop")], { asked }))).toMatchObject({
      prompt: { text: "Once" },
      text: "Once more",
    });
  });

  it.each([
    ["in one chunk with the answer", [{ text: "Once upon", logprobs: arrays(["<s>", "Once", " upon"], [null, -2, -1]) }]],
    [
      "in chunks of its own",
      [
        { text: "On", logprobs: arrays(["<s>", "On"], [null, -2]) },
        { text: "ce", logprobs: arrays(["ce"], [-2]) },
        { text: " upon", logprobs: arrays([" upon"], [-1]) },
      ],
    ],
  ])("with log-probabilities is taken off the answer, where it comes %s", async (_, chunks) => {
    const asked = {
      prompt: { kind: "text", text: "Once" },
      echo: { logprobs: { alternatives: 0 } },
      logprobs: { alternatives: 0 },
    } as const;
    const { prompt, text, logprobs } = await choiceOf(completion([...chunks.map(inChoice), finish("stop")], { asked }));
    expect([prompt?.text, text]).toEqual(["Once", " upon"]);
    expect(prompt?.logprobs?.[0]).toMatchObject({ token: "<s>", logprob: null });
    expect(logprobs.map(({ token }) => token)).toEqual([" upon"]);
  });

  it("of token ids is told by its tokens", async () => {
    const asked = { prompt: { kind: "tokens", tokens: [3, 4] }, echo: {} } as const;
    const chunk = { text: "Once upon a", logprobs: arrays(["Once", " upon", " a"], [null, -2, -1]) };
    const { prompt, text, logprobs } = await choiceOf(completion([inChoice(chunk), finish("stop")], { asked }));
    expect([prompt?.text, prompt?.logprobs, text, logprobs]).toEqual(["Once upon", undefined, " a", []]);
  });

  it("that does not come is a failure", async () => {
    const asked = { prompt: { kind: "text", text: "Once" }, echo: { logprobs: { alternatives: 0 } } } as const;
    await expect(collect(completion([inChoice({ text: "upon a time" }), finish("stop")], { asked }))).rejects.toMatchObject({
      kind: "bad-response",
    });
  });
});
