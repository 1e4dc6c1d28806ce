import { RegexError, SchemaError } from "./grammar-errors.ts";
import { search, unboundedSearch } from "./regex-grammar.ts";
import { matchesRegex } from "./regex-match.ts";
import type { Regex } from "./regex-tree.ts";

export interface ReadPattern {
  /** Undefined where a grammar cannot express it. */
  readonly regex: Regex | undefined;
  readonly reason: string;
}

/** @param path of the pattern @throws SchemaError for what is no regular expression at all */
export function readPattern(pattern: string, path: string): ReadPattern {
  try {
    return { regex: search(pattern), reason: "" };
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    if (!isRegularExpression(pattern)) {
      throw new SchemaError(`The pattern at \`${path}\` is no regular expression: ${error.message}`, path, { cause: error });
    }
    return { regex: undefined, reason: error.message };
  }
}

/** Whether a pattern is found in a text; undefined when that cannot be told in little time. */
export function patternFinds(pattern: string, text: string): boolean | undefined {
  try {
    return matchesRegex(unboundedSearch(pattern), text);
  } catch (error) {
    if (error instanceof RegexError) return undefined;
    throw error;
  }
}

/** Compiled only: to run a stranger's pattern here could take for ever. */
function isRegularExpression(pattern: string): boolean {
  return ["u", ""].some((flags) => {
    try {
      new RegExp(pattern, flags);
      return true;
    } catch {
      return false;
    }
  });
}
