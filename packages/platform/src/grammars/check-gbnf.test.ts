import { describe, expect, it } from "vitest";
import { checkGbnf } from "./check-gbnf.ts";
import { compileJsonObject } from "./json-grammar.ts";
import { compileJsonSchema } from "./json-schema-grammar.ts";
import { GbnfError } from "./read-gbnf.ts";

const SAFE: readonly string[] = [
  'root ::= "yes" | "no"',
  'root ::= item+ # a comment "\nitem ::= "- " [^\\n]+ "\\n"',
  "root ::= ([a-z]+)*",
  "root ::= ([a-z]*)*",
  "root ::= ([a-z]{1,20}){0,20}",
  "root ::= [ ]{0,2000} [ ]{0,500}",
  "root ::= ([ ]{50}){0,50}",
  'root ::= (\n  "a" |\n  "b" )\n',
  "root ::= . [^a]",
  'root ::= "\\x41\\u00e9\\U0001F600\\"\\\\" [\\]\\[^-]',
  'root ::= expr\nexpr ::= term ("+" term)*\nterm ::= [0-9]+ | "(" expr ")"',
  `root ::= ${Array.from({ length: 500 }, (_, index) => `"value ${index}"`).join(" | ")}`,
];

const DANGEROUS: readonly (readonly [grammar: string, rule: string])[] = [
  ["root ::= ([a-z]*){0,50}", "root"],
  ["root ::= ([a-z]{0,20}){0,20}", "root"],
  ['root ::= "x" a{0,20}\na ::= b{0,20}\nb ::= [a-z]', "root"],
  ['root ::= root "a" | "b"', "root"],
  ['root ::= "x" list\nlist ::= list [a-z] | "y"', "list"],
  [`root ::= "x" rest\nrest ::= ${"[a-z]* ".repeat(40)}`, "rest"],
  ["root ::= ([a-z] | [a-z] | [a-y] | [a-x])*", "root"],
];

describe("checkGbnf", () => {
  it.each(SAFE)("takes %j", (grammar) => {
    expect(checkGbnf(grammar).text).toBe(grammar);
  });

  it("takes the grammars that are compiled here", () => {
    expect(() => checkGbnf(compileJsonObject())).not.toThrow();
    const schema = {
      type: "object",
      properties: { a: { type: "string", maxLength: 5000 }, b: { type: "array", items: { type: "integer" } } },
    };
    expect(() => checkGbnf(compileJsonSchema(schema).grammar)).not.toThrow();
  });

  it.each(DANGEROUS)("refuses %j and names the rule", (grammar, rule) => {
    expect(() => checkGbnf(grammar)).toThrow(`"${rule}"`);
  });

  it.each([
    ["root ::= [a-z]{0,2001}", "2000"],
    ["root ::= [a-z]{2001}", "2000"],
    ['root ::= other "a"', "other"],
    ['answer ::= "a"', "root"],
    ['root ::= "a', "no end"],
    ["root ::= (a\na ::= [a]", ")"],
    ["root ::= [a-z]{3,1}", "maximum"],
    ['root ::= "\\q"', "escape"],
    ["root ::= %", "no element"],
    ["root ::= <[504]>", "tokens"],
    ["root ::= !<|im_end|>", "tokens"],
    ["root = [a]", "::="],
    [`root ::= "${"x".repeat(200)}"{2000}`, "too large"],
    [`root ::= "${"x".repeat(300_000)}"`, "characters"],
    [`root ::= ${"(".repeat(1_000)}"a"${")".repeat(1_000)}`, "deep"],
  ])("refuses %.60j and says why", (grammar, why) => {
    expect(() => checkGbnf(grammar)).toThrow(GbnfError);
    expect(() => checkGbnf(grammar)).toThrow(why);
  });

  it("gives rules other names, in their definitions and wherever they are named", () => {
    const checked = checkGbnf('root ::= a "root a" # a\na ::= [a] root | "b"\n');
    expect(checked.ruleNames).toEqual(["root", "a"]);
    const names = new Map([
      ["root", "r-1"],
      ["a", "given"],
    ]);
    expect(checked.renamed(names)).toBe('r-1 ::= given "root a" # a\ngiven ::= [a] r-1 | "b"\n');
  });

  it("leaves to the engine what is too large to look through", () => {
    const rules = Array.from({ length: 3_000 }, (_, index) => `r${index} ::= [a-z]* "x" (r${index + 1} | "y")?`);
    expect(() => checkGbnf(`root ::= r0\n${rules.join("\n")}\nr3000 ::= "z"\n`)).not.toThrow();
  });
});
