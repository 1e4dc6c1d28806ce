import { findAmbiguousRule } from "./gbnf-ambiguity.ts";
import { GbnfError, type GbnfRules, LONGEST_TEXT, readGbnf } from "./read-gbnf.ts";

/** A grammar of a client's that an engine can be given. */
export interface CheckedGbnf {
  readonly text: string;
  readonly ruleNames: readonly string[];
  /** The same with other names, so that it fits beside other rules. */
  renamed(names: ReadonlyMap<string, string>): string;
}

/**
 * Looks at a grammar before an engine does: one that can be read in too many ways keeps llama.cpp's server busy for ever, with everybody's
 * requests. @throws GbnfError that names the rule at fault
 */
export function checkGbnf(text: string): CheckedGbnf {
  const grammar = readGbnf(text);
  const ambiguous = findAmbiguousRule(grammar);
  if (ambiguous !== undefined) {
    throw new GbnfError(
      `The rule "${ambiguous}" of the grammar can be read in too many ways: it begins with itself, or repeats what may be empty or overlaps.`,
    );
  }
  const ruleNames = [...new Set(grammar.names.map(({ name }) => name))];
  return { text, ruleNames, renamed: (names) => rename(text, grammar, names) };
}

/**
 * The same for a grammar that was compiled here, of which only a client's patterns can be so. One that is too large to look at is let through.
 * @throws GbnfError
 */
export function checkPatterns(text: string): void {
  if (text.length > LONGEST_TEXT || findAmbiguousRule(readGbnf(text)) === undefined) return;
  throw new GbnfError("A pattern can be read in too many ways: it repeats what may be empty or overlaps.");
}

function rename(text: string, grammar: GbnfRules, names: ReadonlyMap<string, string>): string {
  let renamed = "";
  let end = 0;
  for (const { name, at } of [...grammar.names].sort((a, b) => a.at - b.at)) {
    renamed += text.slice(end, at) + (names.get(name) ?? name);
    end = at + name.length;
  }
  return renamed + text.slice(end);
}
