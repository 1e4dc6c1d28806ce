import { describe, expect, it } from "vitest";
import type { FinishReason, GenerateEvent, OutputFormat } from "../engine/generation.ts";
import { checkOutput, requireUsableFormats } from "./check-output.ts";

const SCHEMA: OutputFormat = {
  kind: "json-schema",
  schema: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
  strict: false,
  param: "response_format",
};

async function check(format: OutputFormat | undefined, texts: readonly string[], reason: FinishReason): Promise<GenerateEvent[]> {
  const all: GenerateEvent[] = [];
  for await (const event of checkOutput(format === undefined ? {} : { format }, answer(texts, reason))) all.push(event);
  return all;
}

async function* answer(texts: readonly string[], reason: FinishReason): AsyncGenerator<GenerateEvent> {
  for (const text of texts) yield { type: "text-delta", choice: 0, text };
  yield { type: "choice-end", choice: 0, reason };
}

describe("checkOutput", () => {
  it("lets a valid answer pass as it is", async () => {
    expect(await check(SCHEMA, ['{"n"', ": 1}"], "stop")).toHaveLength(3);
  });

  it.each(['{"n": "one"}', "no JSON at all", ""])("never ends %j with stop", async (text) => {
    await expect(check(SCHEMA, [text], "stop")).rejects.toMatchObject({ code: "invalid_model_output", status: 502 });
  });

  it("leaves an answer that was cut off, or that calls a tool, what it is", async () => {
    expect((await check(SCHEMA, ['{"n":'], "length")).at(-1)).toMatchObject({ reason: "length" });
    expect((await check(SCHEMA, [], "tool_calls")).at(-1)).toMatchObject({ reason: "tool_calls" });
  });

  it("wants an object where any JSON object was asked for", async () => {
    const format: OutputFormat = { kind: "json-object", param: "response_format" };
    await expect(check(format, ["[1]"], "stop")).rejects.toMatchObject({ code: "invalid_model_output" });
    expect(await check(format, ["{}"], "stop")).toHaveLength(2);
  });

  it("does not look at answers of no format", async () => {
    expect(await check(undefined, ["hello"], "stop")).toHaveLength(2);
  });
});

describe("requireUsableFormats", () => {
  it("refuses a schema by which no answer could be checked, and names its field", () => {
    const format: OutputFormat = { ...SCHEMA, schema: { $ref: "#" } };
    expect(() => requireUsableFormats([{ format }])).toThrow(
      expect.objectContaining({ code: "invalid_value", param: "response_format", message: expect.stringContaining("itself") }),
    );
  });

  it("lets every other request pass", () => {
    requireUsableFormats([{}, { format: SCHEMA }, { format: { kind: "regex", pattern: "a", param: "response_format.pattern" } }]);
  });
});
