import { complementOf, rangesOf } from "../../grammars/code-point-ranges.ts";
import type { GrammarBuilder } from "../../grammars/grammar-builder.ts";
import { characters, choice, EMPTY, type Expression, literal, type RuleReference, sequence } from "../../grammars/grammar-expression.ts";

interface TextUntil {
  /** Not empty; of ASCII characters. */
  readonly mark: string;
  /** What follows the mark. */
  readonly rest: Expression;
  /** Whether the text may also end without the mark. */
  readonly mayEnd: boolean;
}

/**
 * Any text up to the first occurrence of a mark, and what follows it: the automaton of Knuth, Morris and Pratt as rules, one for each length of
 * the mark that has been written. There is never more than one way to read a text, so that it costs no more than no grammar.
 */
export function addTextUntil(grammar: GrammarBuilder, { mark, rest, mayEnd }: TextUntil): RuleReference {
  const states = Array.from(mark, (_, written) => grammar.reserve(`text-${written}`));
  const [start] = states;
  if (start === undefined) throw new RangeError("A mark has at least one character.");
  const ofMark = [...new Set(mark)];
  states.forEach((state, written) => {
    const options: Expression[] = mayEnd ? [EMPTY] : [];
    for (const character of ofMark) {
      const next = writtenAfter(mark, mark.slice(0, written) + character);
      options.push(sequence(literal(character), next === mark.length ? rest : (states[next] ?? start)));
    }
    // The server takes U+0000 for the end of its text.
    options.push(sequence(characters(complementOf(rangesOf(`\0${ofMark.join("")}`))), start));
    grammar.define(state, choice(...options));
  });
  return start;
}

/** Length of the longest beginning of the mark with which a text ends. */
function writtenAfter(mark: string, text: string): number {
  let end = text;
  while (!mark.startsWith(end)) end = end.slice(1);
  return end.length;
}
