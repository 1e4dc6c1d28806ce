import { readFileSync } from "node:fs";
import { APIError, AuthenticationError, BadRequestError, NotFoundError, type OpenAI } from "openai";
import { describe, expect, inject, it } from "vitest";
import { until } from "../packages/platform/src/engine/testing/until.ts";
import { connectToSharedPlatform, ENDLESS, MODEL, openaiClient } from "./shared-platform.ts";

const { client, fetch } = await connectToSharedPlatform();

const QUESTION = [{ role: "user" as const, content: "What is a bonfire?" }];
const CHAT = { model: MODEL, messages: QUESTION, max_tokens: 8 };
/** About 9,000 tokens; the model takes 8,192. */
const TOO_LONG = "word ".repeat(9_000);

describe("models", () => {
  it("are listed", async () => {
    const { data } = await client.models.list();
    expect(data).toContainEqual(expect.objectContaining({ id: MODEL, object: "model", owned_by: "HuggingFaceTB" }));
  });

  it("are described by an id with a slash, and by an alias", async () => {
    expect(await client.models.retrieve(MODEL)).toMatchObject({ id: MODEL, context_length: 8192 });
    expect(await client.models.retrieve("smollm2")).toMatchObject({ id: MODEL });
  });
});

describe("a chat completion", () => {
  it("has content, a finish reason and usage that adds up", async () => {
    const { choices, usage, model, object } = await client.chat.completions.create(CHAT);
    expect({ model, object }).toEqual({ model: MODEL, object: "chat.completion" });
    expect(choices).toHaveLength(1);
    expect(choices[0]).toMatchObject({ index: 0, finish_reason: "length", message: { role: "assistant", refusal: null } });
    expect(choices[0]?.message.content).not.toBe("");
    expect(usage?.completion_tokens).toBe(8);
    expect(usage?.prompt_tokens).toBeGreaterThan(5);
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
  });

  it("echoes the alias that was asked for, and names the model in a header", async () => {
    const { data, response } = await client.chat.completions.create({ ...CHAT, model: "smollm2", max_tokens: 1 }).withResponse();
    expect(data.model).toBe("smollm2");
    expect(response.headers.get("x-bonfire-model")).toBe(MODEL);
  });

  it.each([
    ["a string", " "],
    ["an array", ["!?", " "]],
  ])("ends before a stop sequence that is given as %s", async (_, stop) => {
    const { choices } = await client.chat.completions.create({ ...CHAT, max_tokens: 40, stop });
    expect(choices[0]?.finish_reason).toBe("stop");
    expect(choices[0]?.message.content).toMatch(/^\S+$/);
  });

  it.each(["max_tokens", "max_completion_tokens"])("ends with reason length at %s", async (field) => {
    const { choices, usage } = await client.chat.completions.create({ model: MODEL, messages: QUESTION, [field]: 3 });
    expect(choices[0]?.finish_reason).toBe("length");
    expect(usage?.completion_tokens).toBe(3);
  });

  it("has as many choices as n says", async () => {
    const { choices, usage } = await client.chat.completions.create({ ...CHAT, n: 2 });
    expect(choices.map(({ index }) => index)).toEqual([0, 1]);
    for (const { message } of choices) expect(message.content).not.toBe("");
    expect(usage?.completion_tokens).toBe(16);
  });

  it("is the same for the same seed at temperature 0", async () => {
    const ask = async () => (await client.chat.completions.create({ ...CHAT, seed: 7, temperature: 0 })).choices[0]?.message.content;
    expect(await ask()).toBe(await ask());
  });

  it("takes developer and system messages, histories, and content in parts", async () => {
    const { choices } = await client.chat.completions.create({
      model: MODEL,
      max_tokens: 2,
      messages: [
        { role: "system", content: [{ type: "text", text: "You are brief." }] },
        { role: "developer", content: "You are polite." },
        { role: "user", content: "Good morning!", name: "ada" },
        { role: "assistant", content: "Good morning." },
        {
          role: "user",
          content: [
            { type: "text", text: "How are" },
            { type: "text", text: "you?" },
          ],
        },
      ],
    });
    expect(choices[0]?.message.content).not.toBe("");
  });

  it("lists the fields that had no effect", async () => {
    const body = { ...CHAT, max_tokens: 1, store: true, metadata: { team: "a" } };
    const { response } = await client.chat.completions.create(body).withResponse();
    expect(response.headers.get("x-bonfire-ignored")?.split(", ").sort()).toEqual(["metadata", "store"]);
  });

  it("says as what it was served", async () => {
    const { service_tier } = await client.chat.completions.create({ ...CHAT, max_tokens: 1, service_tier: "flex" });
    expect(service_tier).toBe("flex");
  });
});

describe("a streamed chat completion", () => {
  it("sends the role once and first, then text, then one finish reason", async () => {
    const chunks = await collect(await client.chat.completions.create({ ...CHAT, stream: true }));
    const choices = chunks.flatMap((chunk) => chunk.choices);
    expect(choices.map(({ delta }) => delta.role)).toEqual(["assistant", ...choices.slice(1).map(() => undefined)]);
    expect(choices.map(({ finish_reason }) => finish_reason)).toEqual([...choices.slice(1).map(() => null), "length"]);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(textOf(chunks)).not.toBe("");
  });

  it("says the same as one that is not streamed", async () => {
    const request = { ...CHAT, temperature: 0, seed: 1 };
    const whole = await client.chat.completions.create(request);
    const chunks = await collect(await client.chat.completions.create({ ...request, stream: true }));
    expect(textOf(chunks)).toBe(whole.choices[0]?.message.content);
  });

  it("has no usage unless it is asked for", async () => {
    const chunks = await collect(await client.chat.completions.create({ ...CHAT, stream: true }));
    for (const chunk of chunks) expect(chunk).not.toHaveProperty("usage");
  });

  it("has usage in one more chunk when it is asked for, and null in the others", async () => {
    const chunks = await collect(await client.chat.completions.create({ ...CHAT, stream: true, stream_options: { include_usage: true } }));
    const last = chunks.pop();
    expect(last?.choices).toEqual([]);
    expect(last?.usage).toMatchObject({ completion_tokens: 8 });
    expect(last?.usage?.total_tokens).toBe((last?.usage?.prompt_tokens ?? 0) + 8);
    expect(chunks.map(({ usage }) => usage)).toEqual(chunks.map(() => null));
  });

  it("satisfies the SDK's own stream helper", async () => {
    const stream = client.chat.completions.stream({ ...CHAT, max_tokens: 5 });
    expect(await stream.finalContent()).not.toBe("");
    expect((await stream.finalChatCompletion()).choices[0]?.finish_reason).toBe("length");
  });

  it("ends before a stop sequence", async () => {
    const chunks = await collect(await client.chat.completions.create({ ...CHAT, max_tokens: 40, stop: [" "], stream: true }));
    expect(textOf(chunks)).toMatch(/^\S+$/);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  it("carries each of n choices under its own index", async () => {
    const chunks = await collect(await client.chat.completions.create({ ...CHAT, n: 2, stream: true }));
    for (const index of [0, 1]) {
      const own = chunks.flatMap(({ choices }) => choices.filter((choice) => choice.index === index));
      expect(own[0]?.delta.role).toBe("assistant");
      expect(own.filter(({ finish_reason }) => finish_reason !== null)).toHaveLength(1);
      expect(own.map(({ delta }) => delta.content ?? "").join("")).not.toBe("");
    }
  });

  it("that cannot begin fails with a status instead of a stream", async () => {
    const request = client.chat.completions.create({ model: MODEL, messages: [{ role: "user", content: TOO_LONG }], stream: true });
    await expect(request).rejects.toMatchObject({ status: 400, code: "context_length_exceeded" });
  });
});

describe("a text completion", () => {
  const PROMPT = { model: MODEL, max_tokens: 4, temperature: 0 };
  const NUMBERS = "1, 2, 3, 4, 5, 6,";
  const LETTERS = "A, B, C, D, E, F,";

  it("continues a text", async () => {
    const { choices, usage, object } = await client.completions.create({ ...PROMPT, prompt: NUMBERS });
    expect(object).toBe("text_completion");
    expect(choices[0]).toMatchObject({ index: 0, finish_reason: "length", text: expect.stringContaining("7") });
    expect(usage?.completion_tokens).toBe(4);
  });

  it("numbers the choices of several prompts through: prompt p has p·n to p·n + n - 1", async () => {
    const { choices, usage } = await client.completions.create({ ...PROMPT, n: 2, prompt: [NUMBERS, LETTERS] });
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    for (const { index, text } of choices) expect(text).toContain(index < 2 ? "7" : "G");
    expect(usage?.completion_tokens).toBe(16);
  });

  it("continues token ids, one list or several", async () => {
    const one = await client.completions.create({ ...PROMPT, prompt: [33, 28, 216, 34, 28] });
    expect(one.usage?.prompt_tokens).toBe(5);
    const two = await client.completions.create({
      ...PROMPT,
      prompt: [
        [33, 28, 216, 34, 28],
        [49, 28],
      ],
    });
    expect(two.choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(two.usage?.prompt_tokens).toBe(7);
  });

  it("is streamed with one finish reason for each choice", async () => {
    const request = { ...PROMPT, prompt: [NUMBERS, LETTERS], stream: true as const, stream_options: { include_usage: true } };
    const chunks = await collect(await client.completions.create(request));
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 8 } });
    for (const [index, expected] of [
      [0, "7"],
      [1, "G"],
    ] as const) {
      const own = chunks.flatMap(({ choices }) => choices.filter((choice) => choice.index === index));
      expect(own.map(({ text }) => text).join("")).toContain(expected);
      expect(own.map(({ finish_reason }) => finish_reason).filter(Boolean)).toEqual(["length"]);
    }
  });
});

describe("requests", () => {
  it("overlap", async () => {
    const long = await client.chat.completions.create({ ...CHAT, ...ENDLESS, max_tokens: 120, stream: true });
    const chunks = long[Symbol.asyncIterator]();
    await chunks.next();
    await client.chat.completions.create({ ...CHAT, max_tokens: 2 });
    // Behind one another, the long one would be over.
    const rest = await collect({ [Symbol.asyncIterator]: () => chunks });
    expect(rest.length).toBeGreaterThan(20);
  });

  it("that are aborted free the engine, streamed or not", async () => {
    const LONG = { ...CHAT, ...ENDLESS, max_tokens: 4_000 };
    const abort = new AbortController();
    // As many as the engine has slots: if one of them went on, what follows would wait for minutes.
    const whole = Array.from({ length: 3 }, () => client.chat.completions.create(LONG, { signal: abort.signal }));
    const wholeEnds = Promise.allSettled(whole);
    const stream = await client.chat.completions.create({ ...LONG, stream: true }, { signal: abort.signal });
    await stream[Symbol.asyncIterator]().next();
    const before = hungUpRequests();
    abort.abort();
    expect((await wholeEnds).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    await until(() => hungUpRequests() === before + 4);
    const { choices } = await client.chat.completions.create({ ...CHAT, n: 4, max_tokens: 4 });
    expect(choices).toHaveLength(4);
  });

  it("that are aborted while their prompt is read free the engine", async () => {
    const abort = new AbortController();
    const content = "word ".repeat(7_000);
    const aborted = Array.from({ length: 4 }, (_, i) =>
      client.chat.completions.create(
        { model: MODEL, max_tokens: 4, messages: [{ role: "user", content: `${i} ${content}` }] },
        { signal: abort.signal },
      ),
    );
    const ends = Promise.allSettled(aborted);
    const isBusy = async () => {
      const probe = client.chat.completions.create({ ...CHAT, max_tokens: 1 }, { signal: AbortSignal.timeout(1_000) });
      return (await Promise.allSettled([probe]))[0].status === "rejected";
    };
    await until(isBusy);
    const before = hungUpRequests();
    abort.abort();
    expect((await ends).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "rejected"]);
    await until(() => hungUpRequests() >= before + 4);
    // To read the prompts to their end would take minutes.
    const { choices } = await client.chat.completions.create({ ...CHAT, n: 4, max_tokens: 4 });
    expect(choices).toHaveLength(4);
  });

  function hungUpRequests(): number {
    return readFileSync(inject("logFile"), "utf8").split('"status":499').length - 1;
  }
});

describe("errors", () => {
  it("of a wrong key are AuthenticationErrors", async () => {
    const stranger = openaiClient(inject("baseUrl"), "bf-wrong", { fetch });
    const error = await failureOf(stranger.models.list());
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: "invalid_api_key" });
  });

  it("of an unknown model are NotFoundErrors that name it", async () => {
    const model = "no/such-model";
    for (const request of [() => client.chat.completions.create({ ...CHAT, model }), () => client.models.retrieve(model)]) {
      const error = await failureOf(request());
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error).toMatchObject({ status: 404, code: "model_not_found", param: "model" });
      expect(error.message).toContain(model);
    }
  });

  it.each([
    ["an unknown field", { no_such_field: 1 }, "unknown_parameter", "no_such_field"],
    ["a field that is not supported", { web_search_options: {} }, "unsupported_parameter", "web_search_options"],
    ["a wrong type", { max_tokens: "many" }, "invalid_type", "max_tokens"],
    ["a number out of range", { temperature: 3 }, "invalid_value", "temperature"],
    ["a wrong message", { messages: [{ role: "user" }] }, "missing_required_parameter", "messages[0].content"],
    ["an unknown role", { messages: [{ role: "king", content: "" }] }, "invalid_value", "messages[0].role"],
    ["no messages", { messages: undefined }, "missing_required_parameter", "messages"],
    ["stream options without a stream", { stream_options: { include_usage: true } }, "invalid_value", "stream_options"],
  ])("of %s are BadRequestErrors that name the field", async (_, fields, code, param) => {
    const error = await failureOf(client.post("/chat/completions", { body: { ...CHAT, ...fields } }));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, code, param, type: "invalid_request_error" });
    expect(error.message).toContain(param);
  });

  it("of a prompt that is too long tell both counts", async () => {
    const error = await failureOf(client.chat.completions.create({ ...CHAT, messages: [{ role: "user", content: TOO_LONG }] }));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: "context_length_exceeded", param: "messages" });
    expect(error.message).toMatch(/maximum context length is 8192 tokens.* resulted in 9\d{3} tokens/);
  });
});

type ChatChunk = OpenAI.Chat.Completions.ChatCompletionChunk;

function textOf(chunks: readonly ChatChunk[]): string {
  return chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? "")).join("");
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

async function failureOf(request: PromiseLike<unknown>): Promise<APIError> {
  const outcome = await request.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof APIError) return outcome;
  throw new Error("The request did not fail with an error of the API.", { cause: outcome });
}
