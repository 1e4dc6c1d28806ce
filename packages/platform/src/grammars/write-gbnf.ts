import { type CodePointRanges, complementOf } from "./code-point-ranges.ts";
import type { Expression } from "./grammar-expression.ts";

/** One rule as llama.cpp reads it. Source: grammars/README.md and src/llama-grammar.cpp there. */
export function writeRule(name: string, body: Expression): string {
  return `${name} ::= ${writeExpression(body)}\n`;
}

export function writeExpression(expression: Expression): string {
  switch (expression.kind) {
    case "literal":
      return `"${[...expression.text.toWellFormed()].map(writeLiteralCharacter).join("")}"`;
    case "characters":
      return writeCharacters(expression.ranges);
    case "rule":
      return expression.name;
    case "sequence":
      return expression.parts.map((part) => (part.kind === "choice" ? inParentheses(part) : writeExpression(part))).join(" ");
    case "choice":
      return expression.options.map(writeExpression).join(" | ");
    case "repeat":
      return `${writeRepeated(expression.of)}${writeCount(expression.min, expression.max)}`;
  }
}

/** Also longer literals are repeated as a whole by llama.cpp; parentheses say so to everybody else. */
function writeRepeated(of: Expression): string {
  const isOne = of.kind === "rule" || of.kind === "characters" || (of.kind === "literal" && of.text.length === 1);
  return isOne ? writeExpression(of) : inParentheses(of);
}

function inParentheses(expression: Expression): string {
  return `(${writeExpression(expression)})`;
}

function writeCount(min: number, max: number): string {
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? "*" : min === 1 ? "+" : `{${min},}`;
  if (min === max) return `{${min}}`;
  return min === 0 && max === 1 ? "?" : `{${min},${max}}`;
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function writeLiteralCharacter(character: string): string {
  const codePoint = character.codePointAt(0) ?? 0;
  return ESCAPES[character] ?? (isControl(codePoint) ? hexEscape(codePoint) : character);
}

/** As a complement where that is shorter. */
function writeCharacters(ranges: CodePointRanges): string {
  const others = complementOf(ranges);
  return others.length > 0 && others.length < ranges.length ? `[^${writeRanges(others)}]` : `[${writeRanges(ranges)}]`;
}

function writeRanges(ranges: CodePointRanges): string {
  return ranges
    .map(([first, last]) => {
      if (first === last) return writeSetCharacter(first);
      return last === first + 1
        ? `${writeSetCharacter(first)}${writeSetCharacter(last)}`
        : `${writeSetCharacter(first)}-${writeSetCharacter(last)}`;
    })
    .join("");
}

function writeSetCharacter(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  return isControl(codePoint) || codePoint > 0x7e || "\\[]^-".includes(character) ? hexEscape(codePoint) : character;
}

function isControl(codePoint: number): boolean {
  return codePoint < 0x20 || codePoint === 0x7f;
}

function hexEscape(codePoint: number): string {
  const hex = codePoint.toString(16).toUpperCase();
  if (codePoint <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return codePoint <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
