import { rangesOf } from "./code-point-ranges.ts";
import { GrammarBuilder } from "./grammar-builder.ts";
import {
  characters,
  choice,
  EMPTY,
  type Expression,
  literal,
  optional,
  type RuleReference,
  repeat,
  sequence,
} from "./grammar-expression.ts";
import { anyJsonCharacter } from "./json-string.ts";

/** Between tokens stands one space, as Python's json.dumps writes it and as models have read it most; a freer grammar lets small ones ramble. */
export const ITEM_SEPARATOR = ", ";
export const KEY_SEPARATOR = ": ";

/**
 * Objects and arrays of any JSON nest at most this deep. Without a bound a small model opens brackets until its tokens are used up; with it
 * the deepest values are scalars.
 */
export const DEEPEST_NESTING = 8;
/** Of a key that no schema names. */
const LONGEST_KEY = 64;
/** Integers of 15 digits are exact in every JSON library. */
const MOST_DIGITS = 15;

/** GBNF of any JSON value. */
export function compileJsonValue(): string {
  const grammar = new GrammarBuilder();
  return grammar.toGbnf(addJsonValue(grammar));
}

/** GBNF of any JSON object. */
export function compileJsonObject(): string {
  const grammar = new GrammarBuilder();
  return grammar.toGbnf(addJsonObject(grammar));
}

export function addJsonValue(grammar: GrammarBuilder, nesting = DEEPEST_NESTING): RuleReference {
  return grammar.sharedRule(`json value ${nesting}`, `json-value-${nesting}`, () =>
    nesting === 0 ? jsonScalar(grammar) : choice(addJsonObject(grammar, nesting), addJsonArray(grammar, nesting), jsonScalar(grammar)),
  );
}

export function addJsonObject(grammar: GrammarBuilder, nesting = DEEPEST_NESTING): RuleReference {
  return grammar.sharedRule(`json object ${nesting}`, `json-object-${nesting}`, () => {
    const entry = sequence(anyKey(grammar), KEY_SEPARATOR, addJsonValue(grammar, nesting - 1));
    return sequence("{", separated(grammar.addRule("entry", entry), 0, Number.POSITIVE_INFINITY), "}");
  });
}

export function addJsonArray(grammar: GrammarBuilder, nesting = DEEPEST_NESTING): RuleReference {
  return grammar.sharedRule(`json array ${nesting}`, `json-array-${nesting}`, () =>
    sequence("[", separated(addJsonValue(grammar, nesting - 1), 0, Number.POSITIVE_INFINITY), "]"),
  );
}

export function anyKey(grammar: GrammarBuilder): RuleReference {
  return grammar.sharedRule("json key", "key", () => sequence('"', repeat(anyJsonCharacter(grammar), 1, LONGEST_KEY), '"'));
}

export function anyJsonString(grammar: GrammarBuilder): RuleReference {
  return grammar.sharedRule("json string", "string", () =>
    sequence('"', repeat(anyJsonCharacter(grammar), 0, Number.POSITIVE_INFINITY), '"'),
  );
}

export function anyJsonInteger(grammar: GrammarBuilder): RuleReference {
  return grammar.sharedRule("json integer", "integer", () => choice("0", sequence(optional(literal("-")), positiveInteger())));
}

/** With an exponent of two digits at most: more would be infinite in every JSON library. */
export function anyJsonNumber(grammar: GrammarBuilder): RuleReference {
  return grammar.sharedRule("json number", "number", () =>
    sequence(
      optional(literal("-")),
      choice("0", positiveInteger()),
      optional(sequence(".", repeat(DIGIT, 1, MOST_DIGITS))),
      optional(sequence(characters(rangesOf("eE")), optional(characters(rangesOf("+-"))), repeat(DIGIT, 1, 2))),
    ),
  );
}

export function jsonBoolean(): Expression {
  return choice("true", "false");
}

/** Items between brackets, from `min` to `max` of them. */
export function separated(item: RuleReference, min: number, max: number): Expression {
  if (max === 0) return EMPTY;
  const some = sequence(item, repeat(sequence(ITEM_SEPARATOR, item), Math.max(0, min - 1), max - 1));
  return min === 0 ? optional(some) : some;
}

const DIGIT = characters([[0x30, 0x39]]);

function positiveInteger(): Expression {
  return sequence(characters([[0x31, 0x39]]), repeat(DIGIT, 0, MOST_DIGITS - 1));
}

function jsonScalar(grammar: GrammarBuilder): Expression {
  return choice(anyJsonString(grammar), anyJsonNumber(grammar), jsonBoolean(), "null");
}
