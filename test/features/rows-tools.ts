import { expect } from "vitest";
import type { Body } from "./api-calls.ts";
import { also, chatDialects, type FeatureRow, NONE, type Probe } from "./feature-row.ts";
import { toldByChat } from "./told-by-chat.ts";

const SWITCH = { type: "object", properties: { on: { type: "boolean" } }, required: ["on"], additionalProperties: false };
const SET = { type: "object", properties: { ids: { type: "array", uniqueItems: true, items: { type: "integer" } } } };
const BROKEN = { type: "object", properties: { on: { type: "switch" } } };

interface Definition {
  readonly name: string;
  readonly schema: object;
  readonly strict?: boolean;
}
const LAMP: Definition = { name: "lamp", schema: SWITCH };
const DOOR: Definition = { name: "door", schema: { type: "object", properties: {}, additionalProperties: false } };

/** How an API spells tools, and which of them are to be called. */
interface Spelling {
  readonly define: (definition: Definition) => object;
  readonly required: Body;
  readonly named: (name: string) => Body;
  readonly one: Body;
  readonly several: Body;
  /** Where the schema of the first tool is. */
  readonly schemaPath: string;
}

const CHAT: Spelling = {
  define: ({ name, schema, ...strict }) => ({ type: "function", function: { name, parameters: schema, ...strict } }),
  required: { tool_choice: "required", parallel_tool_calls: false },
  named: (name) => ({ tool_choice: { type: "function", function: { name } } }),
  one: { parallel_tool_calls: false },
  several: { tool_choice: "required", parallel_tool_calls: true },
  schemaPath: "tools[0].function.parameters",
};
const RESPONSES: Spelling = {
  ...CHAT,
  define: ({ name, schema, strict = false }) => ({ type: "function", name, parameters: schema, strict }),
  named: (name) => ({ tool_choice: { type: "function", name }, parallel_tool_calls: false }),
  schemaPath: "tools[0].parameters",
};
const MESSAGES: Spelling = {
  ...CHAT,
  define: ({ name, schema, ...strict }) => ({ name, input_schema: schema, ...strict }),
  required: { tool_choice: { type: "any", disable_parallel_tool_use: true } },
  named: (name) => ({ tool_choice: { type: "tool", name, disable_parallel_tool_use: true } }),
  several: { tool_choice: { type: "any" } },
  schemaPath: "tools[0].input_schema",
};

/** The same in each spelling; text completions have no tools. */
const spelled = (probe: (spelling: Spelling) => Probe) =>
  ({
    ...chatDialects(probe(CHAT)),
    completions: NONE,
    responses: probe(RESPONSES),
    messages: probe(MESSAGES),
  }) as const;

const toolsOf = ({ define }: Spelling, ...definitions: readonly Definition[]) => ({ tools: definitions.map(define) });

/** Declared to the model, which may call them or not. */
const declared =
  (spelling: Spelling): Probe =>
  async (api) => {
    const { promptTokens } = await api.say(toolsOf(spelling, LAMP, DOOR));
    expect(promptTokens).toBeGreaterThan(100);
  };

const required =
  (spelling: Spelling): Probe =>
  async (api) => {
    const { calls, text } = await api.say({ ...toolsOf(spelling, LAMP), ...spelling.required }, 60);
    expect({ calls, text }).toEqual({ calls: [{ name: "lamp", input: { on: expect.any(Boolean) } }], text: "" });
  };

const named =
  (spelling: Spelling): Probe =>
  async (api) => {
    const { calls } = await api.say({ ...toolsOf(spelling, LAMP, DOOR), ...spelling.named("door") }, 60);
    expect(calls).toEqual([{ name: "door", input: {} }]);
  };

const noneOf =
  (spelling: Spelling): Probe =>
  async (api) => {
    const choice = api.name === "messages" ? { type: "none" } : "none";
    const { calls, text } = await api.say({ ...toolsOf(spelling, DOOR), tool_choice: choice });
    expect({ calls, text }).toEqual({ calls: [], text: expect.stringMatching(/./) });
  };

const ALLOWED = { type: "function", name: "door" };
const allowedInChat: Probe = async (api) => {
  const allowed_tools = { mode: "required", tools: [{ type: "function", function: { name: "door" } }] };
  const request = { ...toolsOf(CHAT, LAMP, DOOR), tool_choice: { type: "allowed_tools", allowed_tools }, parallel_tool_calls: false };
  expect((await api.say(request, 60)).calls).toEqual([{ name: "door", input: {} }]);
};
const allowedInResponses: Probe = async (api) => {
  const tool_choice = { type: "allowed_tools", mode: "required", tools: [ALLOWED] };
  const request = { ...toolsOf(RESPONSES, LAMP, DOOR), tool_choice, parallel_tool_calls: false };
  expect((await api.say(request, 60)).calls).toEqual([{ name: "door", input: {} }]);
};

/** Seen in the stream, which is cut off in the middle of a later one. */
const several =
  (spelling: Spelling): Probe =>
  async (api) => {
    const frames = await api.frames({ ...toolsOf(spelling, DOOR), ...spelling.several }, 46);
    const names = JSON.stringify(frames).match(/"name":"door"/g) ?? [];
    expect(names.length).toBeGreaterThan(1);
  };

const strict =
  (spelling: Spelling): Probe =>
  async (api) => {
    const { status, param } = await api.failure(toolsOf(spelling, { name: "pick", schema: SET, strict: true }));
    expect({ status, param }).toEqual({ status: 400, param: expect.stringContaining(`${spelling.schemaPath}.properties.ids.uniqueItems`) });
  };

const broken =
  (spelling: Spelling): Probe =>
  async (api) => {
    const { status, param } = await api.failure(toolsOf(spelling, { name: "pick", schema: BROKEN }));
    expect({ status, param }).toEqual({ status: 400, param: `${spelling.schemaPath}.properties.on.type` });
  };

const functions: Probe = async (api) => {
  const request = { functions: [{ name: "door", parameters: DOOR.schema }], function_call: { name: "door" } };
  const [choice] = toldByChat(await api.json(request, 60)).choices;
  expect(choice).toMatchObject({ functionCall: { name: "door", arguments: "{}" }, finishReason: "function_call" });
};

const USER = { role: "user", content: "Open the door." };
const chatResult = (content: string) => ({
  messages: [
    USER,
    { role: "assistant", content: null, tool_calls: [{ id: "call_1", type: "function", function: { name: "door", arguments: "{}" } }] },
    { role: "tool", tool_call_id: "call_1", content },
  ],
});
const responseResult = (output: string) => ({
  input: [
    USER,
    { type: "function_call", call_id: "call_1", name: "door", arguments: "{}" },
    { type: "function_call_output", call_id: "call_1", output },
  ],
});
const messageResult = (content: string) => ({
  messages: [
    USER,
    { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "door", input: {} }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content }] },
  ],
});

/** What a tool has told is part of the prompt. */
const told =
  (spelling: Spelling, withResult: (result: string) => Body): Probe =>
  async (api) => {
    const sizeWith = async (result: string) => (await api.say({ ...toolsOf(spelling, DOOR), ...withResult(result) }, 1)).promptTokens ?? 0;
    expect(await sizeWith("It is open, open, open.")).toBeGreaterThan(await sizeWith("It is open."));
  };

export const TOOL_ROWS: readonly FeatureRow[] = [
  { feature: "tools that the model may call", cells: spelled(declared) },
  { feature: "a call is required", cells: spelled(required) },
  { feature: "a named tool is called", cells: spelled(named) },
  { feature: "no tool may be called", cells: spelled(noneOf) },
  {
    feature: "only some tools are allowed",
    cells: {
      ...{ openai: allowedInChat, together: also(allowedInChat), fireworks: also(allowedInChat), completions: NONE },
      ...{ responses: allowedInResponses, messages: NONE },
    },
  },
  { feature: "several calls in one answer", cells: spelled(several) },
  { feature: "strict tools: 400 for what cannot be enforced", cells: spelled(strict) },
  { feature: "a schema that is none: 400 with its path", cells: spelled(broken) },
  {
    feature: "`functions` and `function_call`",
    cells: { openai: functions, together: also(functions), fireworks: functions, completions: NONE, responses: NONE, messages: NONE },
  },
  {
    feature: "results of tools",
    cells: {
      ...chatDialects(told(CHAT, chatResult)),
      ...{ completions: NONE, responses: told(RESPONSES, responseResult), messages: told(MESSAGES, messageResult) },
    },
  },
];
