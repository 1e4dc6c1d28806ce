import { chatCompletionRequest } from "@bonfire/protocol/chat-completions";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { describe, expect, it } from "vitest";
import { readTools } from "./read-tools.ts";

const SCHEMA = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tool = (name: string, more: object = {}) => ({ type: "function", function: { name, parameters: SCHEMA, ...more } });
const TOOLS = { tools: [tool("f"), tool("g")] };

function read(body: object) {
  return readTools(parseRequest(chatCompletionRequest, { model: "m", messages: [{ role: "user", content: "" }], ...body }));
}

describe("readTools", () => {
  it("reads definitions, with the place of each schema", () => {
    expect(read({ tools: [tool("f", { description: "d", strict: true }), { function: { name: "g" } }] })).toEqual({
      definitions: [
        { name: "f", description: "d", parameters: SCHEMA, strict: true, param: "tools[0].function.parameters" },
        { name: "g", parameters: { type: "object", properties: {} }, strict: false, param: "tools[1].function.parameters" },
      ],
      choice: "auto",
      parallel: true,
    });
  });

  it.each([
    ["none", { choice: "none", parallel: true }],
    ["auto", { choice: "auto", parallel: true }],
    ["required", { choice: "required", parallel: true }],
    ["any", { choice: "required", parallel: true }],
    [
      { type: "function", function: { name: "g" } },
      { choice: "required", allowed: ["g"], parallel: false },
    ],
    [
      { type: "function", name: "g" },
      { choice: "required", allowed: ["g"], parallel: false },
    ],
    [
      { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [tool("f"), tool("g")] } },
      { choice: "auto", allowed: ["f", "g"], parallel: true },
    ],
    [
      { type: "allowed_tools", allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "f" } }] } },
      { choice: "required", allowed: ["f"], parallel: false },
    ],
  ])("reads the choice %j", (tool_choice, expected) => {
    expect(read({ ...TOOLS, tool_choice })).toMatchObject(expected);
  });

  it("allows one call at a time where that is asked for, and several of a named one", () => {
    expect(read({ ...TOOLS, parallel_tool_calls: false })?.parallel).toBe(false);
    const tool_choice = { type: "function", function: { name: "f" } };
    expect(read({ ...TOOLS, tool_choice, parallel_tool_calls: true })?.parallel).toBe(true);
  });

  it.each([
    [undefined, { choice: "auto" }],
    ["none", { choice: "none" }],
    [{ name: "f" }, { choice: "required", allowed: ["f"] }],
  ])("reads the older form with function_call %j", (function_call, expected) => {
    expect(read({ functions: [{ name: "f", parameters: SCHEMA }], function_call })).toEqual({
      definitions: [{ name: "f", parameters: SCHEMA, strict: false, param: "functions[0].parameters" }],
      parallel: false,
      ...expected,
    });
  });

  it("reads function_call beside tools, as Together has it", () => {
    expect(read({ ...TOOLS, function_call: { name: "g" } })).toMatchObject({ choice: "required", allowed: ["g"], parallel: false });
    expect(read({ ...TOOLS, function_call: "none" })).toMatchObject({ choice: "none" });
  });

  it.each([
    ["two of one name", { tools: [tool("f"), tool("f")] }, "tools[1].function.name", "two tools"],
    ["a bad name", { tools: [tool("get weather")] }, "tools[0].function.name", "1 to 64 characters"],
    ["no name", { tools: [{ type: "function", function: {} }] }, "tools[0].function.name", "Missing"],
    ["another kind", { tools: [{ type: "custom", custom: { name: "x" } }] }, "tools[0].type", "custom"],
    [
      "a bad schema",
      { tools: [tool("f", { parameters: { type: "object", properties: { age: { type: "int" } } } })] },
      "tools[0].function.parameters.properties.age.type",
      "Invalid schema",
    ],
    ["no object", { tools: [tool("f", { parameters: { type: "string" } })] }, "tools[0].function.parameters.type", "object"],
    ["a choice without tools", { tool_choice: "required" }, "tool_choice", "'tools' are given"],
    ["a choice of no tool", { ...TOOLS, tool_choice: { type: "function" } }, "tool_choice.function.name", "Missing"],
    ["an unknown one", { ...TOOLS, tool_choice: { type: "function", function: { name: "h" } } }, "tool_choice.function.name", '"f", "g"'],
    ["an unknown one, as Fireworks has it", { ...TOOLS, tool_choice: { type: "function", name: "h" } }, "tool_choice.name", '"h"'],
    [
      "an unknown one among the allowed",
      { ...TOOLS, tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [tool("h")] } } },
      "tool_choice.allowed_tools.tools[0].function.name",
      '"h"',
    ],
    ["both forms", { ...TOOLS, functions: [{ name: "f" }] }, "functions", "older form"],
    ["an unknown function", { functions: [{ name: "f" }], function_call: { name: "g" } }, "function_call.name", '"g"'],
    ["a call of a function that is none", { function_call: { name: "g" } }, "function_call.name", '"g"'],
  ])("refuses %s and says where it stands", (_, body, param, words) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ param, status: 400, message: expect.stringContaining(words) }));
  });
});
