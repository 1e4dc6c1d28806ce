import { messagesRequest } from "@bonfire/protocol/messages";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngineError } from "../../engine/engine-error.ts";
import type { ChatMessage, GenerateRequest, ToolUse } from "../../engine/generation.ts";
import { writeMessagesBody } from "./calling-body.ts";
import { readMessagesCall } from "./serving.ts";

const HELLO: ChatMessage = { role: "user", content: "hello" };

function bodyOf(request: Partial<GenerateRequest>, messages: readonly ChatMessage[] = [HELLO], defaultMaxTokens = 100): unknown {
  const prompt = { kind: "chat", messages } as const;
  return json(writeMessagesBody(prompt, { prompt, choices: 1, stop: [], ...request }, { model: "m", defaultMaxTokens }));
}

function json(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

const SCHEMA = { type: "object", properties: { a: { type: "integer" } } };
const PICTURE = { mediaType: "image/png", base64: "iVBORw0KGgo=" };

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
const user: fc.Arbitrary<ChatMessage> = fc.oneof(
  words.map((content) => ({ role: "user", content }) as const),
  words.map(
    (text) =>
      ({
        role: "user",
        content: [
          { kind: "text", text },
          { kind: "image", source: { kind: "bytes", ...PICTURE }, param: "" },
        ],
      }) as const,
  ),
);
const assistant: fc.Arbitrary<ChatMessage> = words.map((content) => ({ role: "assistant", content }));

/** What the assistant does behind a message of the user, with what comes of its calls. */
const reaction: fc.Arbitrary<readonly ChatMessage[]> = fc.oneof(
  assistant.map((message) => [message]),
  fc
    .record({
      content: fc.oneof(words, fc.constant("")),
      inputs: fc.array(fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 }), {
        minLength: 1,
        maxLength: 2,
      }),
      result: fc.string(),
      after: fc.option(assistant),
    })
    .map(({ content, inputs, result, after }): readonly ChatMessage[] => {
      const toolCalls = inputs.map((input, index) => ({ id: `c${index}`, name: "f0", arguments: JSON.stringify(json(input)) }));
      return [
        { role: "assistant", content, toolCalls },
        ...toolCalls.map(({ id, name }) => ({ role: "tool", toolCallId: id, name, content: result }) as const),
        ...(after === null ? [] : [after]),
      ];
    }),
);
const system: fc.Arbitrary<readonly ChatMessage[]> = fc.oneof(
  fc.constant([]),
  words.map((content) => [{ role: "system", content } as const]),
);
const conversations = fc
  .tuple(system, fc.array(fc.tuple(user, reaction, system), { maxLength: 3 }), user)
  .map(([first, rounds, last]) => [...first, ...rounds.flatMap(([asked, done, later]) => [asked, ...done, ...later]), last]);

const definitions: ToolUse["definitions"] = [0, 1].map((index) => ({
  name: `f${index}`,
  description: "does it",
  parameters: SCHEMA,
  strict: index === 0,
  param: `tools[${index}].input_schema`,
}));
const tools = fc.oneof(
  fc.record({ choice: fc.constantFrom("auto" as const, "required" as const), parallel: fc.boolean() }),
  fc.constant({ choice: "none", parallel: true } as const),
  fc.boolean().map((parallel) => ({ choice: "required" as const, allowed: ["f1"], parallel })),
);
const thinking = fc.constantFrom({}, { enabled: false }, { enabled: true }, { enabled: true, budgetTokens: 1_024 });
const reasoning = fc
  .tuple(thinking, fc.constantFrom({}, { effort: "low" }, { effort: "xhigh" }))
  .map(([how, hard]) => ({ ...how, ...hard }))
  .filter((asked) => Object.keys(asked).length > 0);
const probability = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
const options = fc.record(
  {
    temperature: probability,
    topP: probability,
    topK: fc.nat(100),
    reasoning,
    tools: tools.map((use): ToolUse => ({ definitions, ...use })),
    format: fc.constant({ kind: "json-schema", schema: SCHEMA, strict: true, param: "output_config.format.schema" } as const),
    user: fc.string({ minLength: 1 }),
    serviceTier: fc.constant(undefined),
  },
  { requiredKeys: [] },
);

describe("a request in Anthropic's shape, written and read", () => {
  it("has lost nothing", () => {
    const limits = fc.record({ maxTokens: fc.integer({ min: 1_025, max: 100_000 }), stop: fc.array(words, { maxLength: 4 }) });
    fc.assert(
      fc.property(conversations, limits, options, (messages, limit, { serviceTier: _, ...more }) => {
        const body = bodyOf({ ...limit, ...more }, messages);
        expect(messagesRequest.safeParse(body).success).toBe(true);
        const call = readMessagesCall(body);
        expect(call.ignored).toEqual([]);
        const prompt = { kind: "chat", messages: messages.map(asRead) };
        expect(call.requests.map(withoutPlaces)).toEqual([withoutPlaces({ prompt, choices: 1, overflow: "truncate", ...limit, ...more })]);
      }),
    );
  });
});

/** The serving face hands pictures on as the addresses that they are, and leaves it to others to check them. */
function asRead(message: ChatMessage): unknown {
  if (message.role !== "user" || typeof message.content === "string") return message;
  return {
    ...message,
    content: message.content.map((part) =>
      part.kind === "image"
        ? { ...part, source: { kind: "url", url: `data:${PICTURE.mediaType};base64,${PICTURE.base64}`, detail: "auto" } }
        : part,
    ),
  };
}

/** Where in the client's body a picture stood depends on the body. */
function withoutPlaces(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === "param" ? undefined : inner)));
}

describe("a body in Anthropic's shape", () => {
  it("has a limit where the client set none, with room for the thoughts", () => {
    expect(bodyOf({})).toMatchObject({ max_tokens: 100 });
    expect(bodyOf({ reasoning: { enabled: true, budgetTokens: 2_000 } })).toMatchObject({ max_tokens: 2_100 });
    expect(bodyOf({ maxTokens: 7 })).toMatchObject({ max_tokens: 7 });
  });

  it.each([
    ["none", { thinking: { type: "disabled" } }],
    ["minimal", { output_config: { effort: "low" } }],
    ["high", { output_config: { effort: "high" } }],
  ])("says an effort of %s in its own words", (effort, expected) => {
    expect(bodyOf({ reasoning: { effort } })).toMatchObject(expected);
  });

  it("offers only the tools that may be called", () => {
    const three = ["f0", "f1", "f2"].map((name) => ({ name, parameters: {}, strict: false, param: "" }));
    const use = { definitions: three, choice: "auto", allowed: ["f0", "f2"], parallel: true } as const;
    expect(bodyOf({ tools: use })).toMatchObject({
      tools: [
        { name: "f0", input_schema: { type: "object" } },
        { name: "f2", input_schema: { type: "object" } },
      ],
    });
  });

  it("keeps what a format is for in its schema", () => {
    const format = { kind: "json-schema", schema: SCHEMA, strict: false, description: "a number", param: "" } as const;
    expect(bodyOf({ format })).toMatchObject({
      output_config: { format: { type: "json_schema", schema: { ...SCHEMA, description: "a number" } } },
    });
  });

  it("joins what one side says in a row, and leaves out turns without a word", () => {
    const body = bodyOf({}, [HELLO, { role: "assistant", content: "" }, HELLO]);
    expect(body).toMatchObject({ messages: [{ role: "user", content: [{ text: "hello" }, { text: "hello" }] }] });
  });

  it.each<[string, readonly ChatMessage[], string]>([
    [
      "a call's arguments are no object",
      [HELLO, { role: "assistant", content: "", toolCalls: [{ id: "a", name: "f", arguments: "[1" }] }],
      "'f'",
    ],
    [
      "a picture is only an address",
      [{ role: "user", content: [{ kind: "image", source: { kind: "url", url: "http://x/y.png", detail: "auto" }, param: "p" }] }],
      "address",
    ],
  ])("cannot be written where %s", (_, messages, words) => {
    expect(() => bodyOf({}, messages)).toThrow(EngineError);
    expect(() => bodyOf({}, messages)).toThrow(words);
  });
});
