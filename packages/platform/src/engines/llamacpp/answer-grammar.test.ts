import { describe, expect, it } from "vitest";
import type { OutputFormat, ToolUse } from "../../engine/generation.ts";
import { checkGbnf } from "../../grammars/check-gbnf.ts";
import { answerGrammar } from "./answer-grammar.ts";

const FORMAT: OutputFormat = { kind: "grammar", gbnf: 'root ::= call # mine\ncall ::= "yes" root | "no"', param: "response_format" };
const TOOLS: ToolUse = {
  definitions: [
    { name: "a", parameters: { type: "object", properties: { call: { type: "integer" } } }, strict: false, param: "tools[0]" },
    { name: "b", parameters: {}, strict: false, param: "tools[1]" },
  ],
  choice: "required",
  parallel: true,
};

describe("answerGrammar", () => {
  it("leaves an answer free that has neither format nor tools that may be called", () => {
    expect(answerGrammar({}).gbnf("open")).toBeUndefined();
    expect(answerGrammar({ tools: { ...TOOLS, choice: "none" } })).toMatchObject({ hasCalls: false });
    expect(answerGrammar({ tools: { ...TOOLS, choice: "none" } }).gbnf("none")).toBeUndefined();
  });

  it("takes a client's grammar as it is, and with other names beside our own rules", () => {
    expect(answerGrammar({ format: FORMAT }).gbnf("none")).toBe(FORMAT.gbnf);
    const composed = answerGrammar({ format: FORMAT, tools: { ...TOOLS, choice: "auto" } }).gbnf("open") ?? "";
    expect(composed).toContain('given-call ::= "yes" given-root | "no"');
    expect(composed).toContain("given-root ::= given-call # mine");
    expect(composed.match(/^given-root ::=/gm)).toHaveLength(1);
    expect(() => checkGbnf(composed)).not.toThrow();
  });

  it("has only the tools that may be called", () => {
    const { gbnf, hasCalls } = answerGrammar({ tools: { ...TOOLS, allowed: ["b"] } });
    expect(hasCalls).toBe(true);
    expect(gbnf("none")).toContain('\\"b\\"');
    expect(gbnf("none")).not.toContain('\\"a\\"');
  });

  it("binds what follows the thoughts, never the thoughts themselves", () => {
    const { gbnf } = answerGrammar({ format: { kind: "regex", pattern: "x", param: "response_format" } });
    expect(gbnf("none")).not.toContain("think");
    for (const thinking of ["open", "possible"] as const) expect(() => checkGbnf(gbnf(thinking) ?? "")).not.toThrow();
    expect(gbnf("possible")).toContain("<think>");
  });

  it("refuses a pattern that would keep the server busy for ever", () => {
    const pattern = "(a|a|a|a)*";
    const error = expect.objectContaining({ kind: "invalid-request", details: expect.objectContaining({ param: "response_format" }) });
    expect(() => answerGrammar({ format: { kind: "regex", pattern, param: "response_format" } })).toThrow(error);
    const format = {
      kind: "json-schema",
      schema: { type: "string", pattern: `^${pattern}$` },
      strict: true,
      param: "response_format",
    } as const;
    expect(() => answerGrammar({ format })).toThrow(error);
  });

  it("composes thoughts, words and calls into what is read in one way", () => {
    for (const thinking of ["none", "open", "possible"] as const) {
      expect(() => checkGbnf(answerGrammar({ tools: { ...TOOLS, choice: "auto" } }).gbnf(thinking) ?? "")).not.toThrow();
    }
  });

  it("names the tool whose schema is none", () => {
    const broken = {
      ...TOOLS,
      definitions: [
        { name: "a", parameters: { properties: { x: { type: "bogus" } } }, strict: false, param: "tools[0].function.parameters" },
      ],
    };
    expect(() => answerGrammar({ tools: broken })).toThrow(
      expect.objectContaining({
        kind: "invalid-request",
        details: expect.objectContaining({ param: "tools[0].function.parameters.properties.x.type" }),
      }),
    );
  });
});
