import { expect } from "vitest";
import { absent, also, completionApis, type FeatureRow, NONE, type Probe } from "./feature-row.ts";

const SWITCH = { type: "object", properties: { on: { type: "boolean" } }, required: ["on"], additionalProperties: false };
const SET = {
  type: "object",
  properties: { ids: { type: "array", uniqueItems: true, maxItems: 2, items: { enum: [1, 2] } } },
  required: ["ids"],
};

const inChat = (format: object) => ({ response_format: format });
const inResponses = (format: object) => ({ text: { format } });
const inMessages = (format: object) => ({ output_config: { format } });

/** The answer is what the format says, whatever the question. */
const held =
  (fields: object, text: RegExp): Probe =>
  async (api) => {
    expect((await api.say({ ...fields }, 40)).text).toMatch(text);
  };
const ON = /^\{"on": (true|false)\}$/;

const anyObject =
  (fields: object): Probe =>
  async (api) => {
    expect((await api.say({ ...fields }, 3)).text).toMatch(/^\{/);
  };

const refusedSchema =
  (fields: object, path: string): Probe =>
  async (api) => {
    const { status, param } = await api.failure({ ...fields });
    expect({ status, param }).toEqual({ status: 400, param: expect.stringContaining(path) });
  };

/** Enforced as far as possible, and said in a header. */
const unenforced =
  (fields: object): Probe =>
  async (api) => {
    const { status, headers } = await api.answer({ ...fields }, 40);
    expect({ status, unenforced: headers.get("x-bonfire-unenforced") }).toEqual({
      status: 200,
      unenforced: expect.stringContaining("properties.ids"),
    });
  };

/** The format is refused where the API does not have it. */
const noFormat =
  (fields: object): Probe =>
  async (api) => {
    expect((await api.failure({ ...fields })).status).toBe(400);
    return NONE;
  };
const elsewhere = (format: object) => ({ responses: noFormat(inResponses(format)), messages: noFormat(inMessages(format)) });

/** Of chat; OpenAI's own text completions have no formats. */
const chat = (probe: Probe) => ({ ...completionApis(probe), completions: also(probe) });
const together = (probe: Probe) => ({ ...completionApis(also(probe)), together: probe });
const fireworks = (probe: Probe) => ({ ...completionApis(also(probe)), fireworks: probe });

const nested = (schema: object, strict?: true) =>
  inChat({ type: "json_schema", json_schema: { name: "answer", schema, ...(strict === undefined ? {} : { strict }) } });
const inResponse = (schema: object, strict: boolean) => inResponses({ type: "json_schema", name: "answer", schema, strict });
const inMessage = (schema: object) => inMessages({ type: "json_schema", schema });

const REGEX = { type: "regex", pattern: "[a-c]{2}-[0-9]" };
const GRAMMAR = { type: "grammar", grammar: 'root ::= "yes" | "no"' };
const BROKEN = { type: "object", properties: { on: { type: "switch" } } };

export const FORMAT_ROWS: readonly FeatureRow[] = [
  {
    feature: "any JSON object",
    cells: {
      ...chat(anyObject(inChat({ type: "json_object" }))),
      responses: anyObject(inResponses({ type: "json_object" })),
      messages: noFormat(inMessages({ type: "json_object" })),
    },
  },
  {
    feature: "JSON Schema, strict",
    cells: {
      ...chat(held(nested(SWITCH, true), ON)),
      responses: held(inResponse(SWITCH, true), ON),
      messages: held(inMessage(SWITCH), ON),
    },
  },
  {
    feature: "JSON Schema, not strict",
    cells: { ...chat(held(nested(SWITCH), ON)), responses: held(inResponse(SWITCH, false), ON), messages: absent("response_format", {}) },
  },
  {
    feature: "JSON Schema beside the type (Together)",
    cells: {
      ...together(held(inChat({ type: "json_schema", schema: SWITCH }), ON)),
      ...{ responses: NONE, messages: NONE },
    },
  },
  {
    feature: "JSON Schema without a name (Fireworks)",
    cells: {
      ...fireworks(held(inChat({ type: "json_schema", json_schema: SWITCH }), ON)),
      ...{ responses: NONE, messages: NONE },
    },
  },
  {
    feature: "`json_object` with a schema (Fireworks, Together)",
    cells: {
      ...fireworks(held(inChat({ type: "json_object", schema: SWITCH }), ON)),
      together: held(inChat({ type: "json_object", schema: SWITCH }), ON),
      ...{ responses: NONE, messages: NONE },
    },
  },
  { feature: "regular expression", cells: { ...together(held(inChat(REGEX), /^[a-c]{2}-[0-9]$/)), ...elsewhere(REGEX) } },
  { feature: "grammar", cells: { ...fireworks(held(inChat(GRAMMAR), /^(yes|no)$/)), ...elsewhere(GRAMMAR) } },
  {
    feature: "strict: 400 for what cannot be enforced",
    cells: {
      ...chat(refusedSchema(nested(SET, true), "properties.ids.uniqueItems")),
      responses: refusedSchema(inResponse(SET, true), "properties.ids.uniqueItems"),
      messages: refusedSchema(inMessage(SET), "properties.ids.uniqueItems"),
    },
  },
  {
    feature: "not strict: said in `x-bonfire-unenforced`",
    cells: { ...chat(unenforced(nested(SET))), responses: unenforced(inResponse(SET, false)), messages: NONE },
  },
  {
    feature: "a format's schema that is none: 400 with its path",
    cells: {
      ...chat(refusedSchema(nested(BROKEN), "properties.on.type")),
      responses: refusedSchema(inResponse(BROKEN, true), "properties.on.type"),
      messages: refusedSchema(inMessage(BROKEN), "properties.on.type"),
    },
  },
];
