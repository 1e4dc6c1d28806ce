import { createContext, Script } from "node:vm";
import { RE2JS } from "re2js";

/** A match that takes longer counts as none. */
const MOST_MATCH_MS = 100;
/** V8 compiles an expression at its first match, which no clock stops: a thousand stars within each other take it twenty seconds. */
const MOST_BACKTRACKING_CHARACTERS = 1_000;

const BACKTRACKING = new Script("new RegExp(pattern, flags).test(text)");

/**
 * The flags by which a pattern can be read: without `u`, escapes that mean nothing are allowed (`\-`), which other languages' libraries write.
 * @throws SyntaxError
 */
export function flagsOfPattern(pattern: string): "u" | "" {
  try {
    new RegExp(pattern, "u");
    return "u";
  } catch {
    new RegExp(pattern);
    return "";
  }
}

/**
 * A client's pattern, which may be made to take for ever: RE2 is linear in the text whatever the pattern, and what it does not know
 * (look-around, back-references) runs against a clock.
 * @throws SyntaxError for what is no pattern of JavaScript, or too much of one.
 */
export function safePattern(pattern: string): { test(text: string): boolean } {
  // What RE2 takes for a pattern may be none.
  const flags = flagsOfPattern(pattern);
  try {
    const expression = RE2JS.compile(RE2JS.translateRegExp(pattern));
    return { test: (text) => expression.matcher(text).find() };
  } catch {
    if (pattern.length > MOST_BACKTRACKING_CHARACTERS) {
      throw new SyntaxError(`a pattern of more than ${MOST_BACKTRACKING_CHARACTERS} characters has to be one that RE2 knows, too`);
    }
    return { test: (text) => testAgainstClock({ pattern, flags, text }) };
  }
}

function testAgainstClock(match: { readonly pattern: string; readonly flags: string; readonly text: string }): boolean {
  try {
    return BACKTRACKING.runInContext(createContext({ ...match }), { timeout: MOST_MATCH_MS }) === true;
  } catch {
    return false;
  }
}
