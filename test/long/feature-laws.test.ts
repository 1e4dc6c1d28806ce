import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { ChatCompletionStream } from "openai/lib/ChatCompletionStream";
import { ChatCompletionStream as TogetherStream } from "together-ai/lib/ChatCompletionStream";
import { describe, expect, it } from "vitest";
import { type Body, DIALECTS, type DialectName, eachAtOnce, PATHS, postStreamed, postWell } from "../features/api-calls.ts";
import { BOUNDED_SCHEMAS } from "../features/bounded-schemas.ts";
import { closeTo } from "../features/close-to.ts";
import { jsonLines } from "../features/json-lines.ts";
import {
  CHAT_QUESTION,
  CHAT_REQUESTS,
  COMPLETION_QUESTION,
  COMPLETION_REQUESTS,
  type FeatureRequest,
  MESSAGE_REQUESTS,
  RESPONSE_REQUESTS,
} from "../features/law-requests.ts";
import { toldByChat, toldByChatChunks } from "../features/told-by-chat.ts";
import { toldByCompletion, toldByCompletionChunks } from "../features/told-by-completion.ts";
import { toldByMessage, toldByMessageEvents } from "../features/told-by-message.ts";
import { toldByResponse, toldByResponseEvents } from "../features/told-by-response.ts";
import { connectToSharedPlatform } from "../shared-platform.ts";

const { call } = await connectToSharedPlatform();

const ajv = new Ajv2020.default({ strict: false, multipleOfPrecision: 6 });
addFormats.default(ajv);

const SEED = 11;

/**
 * A prompt of more than 63 tokens is computed in a batch when it comes for the first time, and but for its last token taken from the cache
 * the next time: the former is less exact.
 */
async function warmUp(path: string, request: Body, { fields }: FeatureRequest): Promise<void> {
  const isLong = ["tools", "functions", "messages", "input"].some((name) => name in fields);
  const limit = path === PATHS.responses ? "max_output_tokens" : "max_tokens";
  if (isLong) await postWell(call, path, { ...request, [limit]: 1 });
}

/** What a stream needs to tell its usage: OpenAI's dialect alone must be asked. */
const withUsage = (dialect: DialectName) => (dialect === "openai" ? { stream_options: { include_usage: true } } : {});

describe("a streamed chat completion adds up to the one that is not streamed:", () => {
  it.each(CHAT_REQUESTS)("$feature in dialect $dialect at temperature $temperature", async ({ dialect, temperature, ...feature }) => {
    const path = PATHS.chat(dialect);
    const request = { ...CHAT_QUESTION, temperature, seed: SEED, ...feature.fields };
    await warmUp(path, request, feature);
    const whole = toldByChat(await postWell(call, path, request));
    const chunks = await postStreamed(call, path, { ...request, ...withUsage(dialect) });
    expect(toldByChatChunks(chunks)).toEqual(closeTo(whole));
    if (dialect === "fireworks") return;

    const Helper = dialect === "openai" ? ChatCompletionStream : TogetherStream;
    const { choices } = await Helper.fromReadableStream(jsonLines(chunks)).finalChatCompletion();
    const said = choices.map(({ message, finish_reason }) => ({
      content: message?.content ?? null,
      calls: (message?.tool_calls ?? []).map(({ function: { name, arguments: text } }) => ({ name, arguments: text })),
      finishReason: finish_reason,
    }));
    expect(said).toEqual(whole.choices.map(({ content, calls, finishReason }) => ({ content, calls, finishReason })));
  });
});

describe("a streamed text completion adds up to the one that is not streamed:", () => {
  it.each(COMPLETION_REQUESTS)("$feature in dialect $dialect at temperature $temperature", async ({ dialect, temperature, fields }) => {
    const path = PATHS.completions(dialect);
    const request = { ...COMPLETION_QUESTION, temperature, seed: SEED, ...fields };
    const whole = toldByCompletion(await postWell(call, path, request));
    const chunks = await postStreamed(call, path, { ...request, ...withUsage(dialect) });
    expect(toldByCompletionChunks(chunks)).toEqual(closeTo(whole));
  });
});

describe("a streamed message adds up to the one that is not streamed:", () => {
  it.each(MESSAGE_REQUESTS)("$feature", async (feature) => {
    const request = { ...CHAT_QUESTION, temperature: 0, ...feature.fields };
    await warmUp(PATHS.messages, request, feature);
    const whole = toldByMessage(await postWell(call, PATHS.messages, request));
    expect(await toldByMessageEvents(await postStreamed(call, PATHS.messages, request))).toEqual(whole);
  });
});

describe("a streamed response adds up to the one that is not streamed:", () => {
  it.each(RESPONSE_REQUESTS)("$feature", async (feature) => {
    const request = { input: "What is a lighthouse?", temperature: 0, store: false, ...feature.fields };
    await warmUp(PATHS.responses, request, feature);
    const whole = toldByResponse(await postWell(call, PATHS.responses, request));
    const { last, ...streamed } = toldByResponseEvents(await postStreamed(call, PATHS.responses, request));
    expect(streamed).toEqual(closeTo(whole));
    expect(last).toEqual(closeTo(whole));
  });
});

describe("a call that a model makes", () => {
  const SCHEMAS: Readonly<Record<string, object>> = {
    weather: {
      type: "object",
      properties: { city: { enum: ["Bern", "Oslo", "Brno"] } },
      required: ["city"],
      additionalProperties: false,
    },
    lamp: { type: "object", properties: { on: { type: "boolean" } }, required: ["on"], additionalProperties: false },
  };
  const functions = Object.entries(SCHEMAS).map(([name, parameters]) => ({ name, parameters }));
  const tools = functions.map((definition) => ({ type: "function", function: definition }));
  const named = { type: "function", function: { name: "weather" } };
  const MODES = [
    { tools, tool_choice: "required", parallel_tool_calls: false },
    { tools, tool_choice: named },
    { tools, tool_choice: { type: "allowed_tools", allowed_tools: { mode: "required", tools: [named] } }, parallel_tool_calls: false },
    { functions, function_call: { name: "weather" } },
  ];
  /** The last of them is not counted: an answer may be cut off in the middle of it. */
  const MANY = { tools, tool_choice: "required", max_tokens: 60 };

  const ask = async (fields: Body) =>
    toldByChat(await postWell(call, PATHS.chat("openai"), { ...CHAT_QUESTION, max_tokens: 80, temperature: 0.8, ...fields })).choices[0];

  const faultsOf = ({ name, arguments: text }: { name: string; arguments: string }) => {
    const validate = ajv.compile(SCHEMAS[name] ?? false);
    validate(JSON.parse(text));
    return validate.errors;
  };

  it("has arguments that fit the tool's schema, whatever the seed", async () => {
    // One after the other: what the engine holds of a prompt serves its other seeds too.
    const requests = MODES.flatMap((mode, index) => Array.from({ length: 5 }, (_, seed) => ({ ...mode, seed: 5 * index + seed })));
    for (const { seed, ...request } of requests) {
      const choice = await ask({ ...request, seed });
      const calls = [...(choice?.calls ?? []), ...(choice?.functionCall === undefined ? [] : [choice.functionCall])];
      expect({ seed, calls, faults: calls.map(faultsOf) }).toEqual({ seed, calls: [expect.anything()], faults: [null] });
      expect(choice?.finishReason).toBe(choice?.functionCall === undefined ? "tool_calls" : "function_call");
    }
  });

  it("has them too where there are several in one answer", async () => {
    const choice = await ask({ ...MANY, seed: 1 });
    const calls = choice?.calls ?? [];
    expect(calls.length).toBeGreaterThan(1);
    const whole = choice?.finishReason === "length" ? calls.slice(0, -1) : calls;
    expect(whole.map(faultsOf)).toEqual(whole.map(() => null));
  });
});

describe("a structured answer", () => {
  const FORMS: readonly ((schema: object) => object)[] = [
    (schema) => ({ type: "json_schema", json_schema: { name: "answer", schema, strict: true } }),
    (schema) => ({ type: "json_schema", schema }),
    (schema) => ({ type: "json_object", schema }),
    (schema) => ({ type: "json_schema", json_schema: { name: "answer", schema } }),
    (schema) => ({ type: "json_schema", json_schema: schema }),
  ];
  const SEEDS = [1, 2];

  it("that ends with `stop` fits its schema, and nearly all end so", async () => {
    const requests = Object.entries(BOUNDED_SCHEMAS).flatMap(([name, schema], index) =>
      SEEDS.map((seed) => ({ name, schema, seed, response_format: FORMS[(index + seed) % FORMS.length]?.(schema) })),
    );
    const answers = await eachAtOnce(requests, async ({ response_format, seed, ...rest }) => {
      const request = { ...CHAT_QUESTION, max_tokens: 60, temperature: 0.8, seed, response_format };
      return { ...rest, seed, ...toldByChat(await postWell(call, PATHS.chat("openai"), request)).choices[0] };
    });
    const stopped = answers.filter(({ finishReason }) => finishReason === "stop");
    for (const { name, schema, seed, content } of stopped) {
      const validate = ajv.compile(schema);
      validate(JSON.parse(content ?? ""));
      expect({ name, seed, content, faults: validate.errors }).toEqual({ name, seed, content, faults: null });
    }
    const share = stopped.length / answers.length;
    console.log(`${stopped.length} of ${answers.length} structured answers end with "stop" (${Math.round(share * 100)} %).`);
    expect(share).toBeGreaterThanOrEqual(0.95);
  });
});

describe("the same seed", () => {
  const COLOUR = { messages: [{ role: "user", content: "Name a colour." }] };
  const DRAWN = { temperature: 1.5, max_tokens: 6 };

  it.each(DIALECTS)("gives the same answer in dialect %s, and another seed another", async (dialect) => {
    const ask = async (seed: number) =>
      toldByChat(await postWell(call, PATHS.chat(dialect), { ...COLOUR, ...DRAWN, seed })).choices[0]?.content;
    const [first, again, other] = [await ask(3), await ask(3), await ask(4)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("gives each of several choices its own", async () => {
    const ask = async () => {
      const request = { ...COMPLETION_QUESTION, ...DRAWN, n: 3, seed: 3 };
      return toldByCompletion(await postWell(call, PATHS.completions("openai"), request)).choices.map(({ text }) => text);
    };
    const texts = await ask();
    expect(new Set(texts).size).toBe(3);
    expect(await ask()).toEqual(texts);
  });
});
