import type { CodePointRanges } from "./code-point-ranges.ts";
import { codePointOf, complementOf, EVERY_CODE_POINT, unionOf } from "./code-point-ranges.ts";

/** Text that is no GBNF, or that an engine should not be given. */
export class GbnfError extends Error {
  override readonly name = "GbnfError";
}

export type GbnfElement =
  | { readonly kind: "characters"; readonly ranges: CodePointRanges }
  | { readonly kind: "rule"; readonly name: string };

/** Of a rule, one of its alternatives. */
export type GbnfSequence = readonly GbnfElement[];

interface NameInText {
  readonly name: string;
  readonly at: number;
}

export interface GbnfRules {
  /** Those of groups and repetitions are named after the rule that they stand in: `value(1)`. */
  readonly rules: ReadonlyMap<string, readonly GbnfSequence[]>;
  /** Every place where a rule is named. */
  readonly names: readonly NameInText[];
}

/** Beyond this the engine reads a finite bound as none at all. */
const LARGEST_COUNT = 2_000;
export const LONGEST_TEXT = 256 * 1024;
const MOST_ELEMENTS = 200_000;
const DEEPEST_GROUP = 200;

const NAME = /[A-Za-z0-9-]+/y;
const BLANK = /(?:\s|#[^\n]*)*/y;
const DEFINES = /(?:\s|#[^\n]*)*::=/y;
const COUNT = /\{\s*(\d+)\s*(?:(,)\s*(\d+)?)?\s*\}/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\", '"': '"', "[": "[", "]": "]" };
const HEXADECIMAL_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * Reads llama.cpp's notation (its grammars/README.md), repetitions spelled out as its own parser does. A little more lenient about line breaks
 * than that. @throws GbnfError
 */
export function readGbnf(text: string): GbnfRules {
  if (text.length > LONGEST_TEXT) throw new GbnfError(`The grammar has more than ${LONGEST_TEXT} characters.`);
  return new GbnfReader(text).read();
}

class GbnfReader {
  readonly #text: string;
  #at = 0;
  #rule = "";
  #elements = 0;
  readonly #rules = new Map<string, readonly GbnfSequence[]>();
  readonly #names: NameInText[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  read(): GbnfRules {
    this.#skip(BLANK);
    while (this.#at < this.#text.length) {
      this.#rule = this.#readName() ?? this.#fail("the name of a rule is missing");
      if (this.#match(DEFINES) === undefined) this.#fail("::= is missing");
      this.#define(this.#rule, this.#readAlternatives(0));
    }
    for (const { name } of this.#names) if (!this.#rules.has(name)) throw new GbnfError(`The grammar has no rule "${name}".`);
    if (!this.#rules.has("root")) throw new GbnfError('The grammar has no rule "root".');
    return { rules: this.#rules, names: this.#names };
  }

  #readAlternatives(depth: number): GbnfSequence[] {
    if (depth > DEEPEST_GROUP) this.#fail("its groups nest too deep");
    const alternatives = [this.#readSequence(depth)];
    while (this.#text[this.#at] === "|") {
      this.#at++;
      alternatives.push(this.#readSequence(depth));
    }
    return alternatives;
  }

  #readSequence(depth: number): GbnfSequence {
    const sequence: GbnfElement[] = [];
    for (;;) {
      this.#skip(BLANK);
      const item = this.#readItem(depth);
      if (item === undefined) return sequence;
      for (const element of this.#readRepetition(item)) sequence.push(element);
    }
  }

  /** What a repetition repeats; undefined at the end of the sequence. */
  #readItem(depth: number): GbnfSequence | undefined {
    const character = this.#text[this.#at];
    switch (character) {
      case '"':
        return this.#readLiteral();
      case "[":
        return [{ kind: "characters", ranges: this.#readClass() }];
      case ".":
        this.#at++;
        return [{ kind: "characters", ranges: EVERY_CODE_POINT }];
      case "(": {
        this.#at++;
        const group = this.#addRule(this.#readAlternatives(depth + 1));
        if (this.#text[this.#at] !== ")") this.#fail(") is missing");
        this.#at++;
        return [group];
      }
      case "<":
      case "!":
        // One that ends the answer, or is no whole character, makes the engine fail in the middle.
        this.#fail("tokens cannot be asked for by their ids or names, only characters");
        break;
      case ")":
      case "|":
      case undefined:
        return undefined;
      default:
        return this.#readReference();
    }
  }

  /** A name before `::=` begins the next rule. */
  #readReference(): GbnfSequence | undefined {
    const begin = this.#at;
    const name = this.#readName() ?? this.#fail("something is no element of a grammar");
    const end = this.#at;
    if (this.#match(DEFINES) === undefined) return [{ kind: "rule", name }];
    this.#names.pop();
    this.#at = Math.min(begin, end);
    return undefined;
  }

  #readRepetition(item: GbnfSequence): readonly GbnfElement[] {
    this.#skip(BLANK);
    const bounds = this.#readBounds();
    if (bounds === undefined) return item;
    const { min, max } = bounds;
    const spelled: GbnfElement[] = [];
    for (let count = 0; count < min; count++) spelled.push(...item);
    this.#count(spelled.length);
    if (max === Number.POSITIVE_INFINITY) {
      const name = this.#freeName();
      this.#define(name, [[...item, { kind: "rule", name }], []]);
      spelled.push({ kind: "rule", name });
    } else {
      let rest: GbnfElement | undefined;
      for (let count = 0; count < max - min; count++) rest = this.#addRule([rest === undefined ? item : [...item, rest], []]);
      if (rest !== undefined) spelled.push(rest);
    }
    // Repetitions may follow each other: the outer one repeats all of this.
    return this.#readRepetition(spelled.length === 1 ? spelled : [this.#addRule([spelled])]);
  }

  #readBounds(): { readonly min: number; readonly max: number } | undefined {
    const simple = { "*": [0, Number.POSITIVE_INFINITY], "+": [1, Number.POSITIVE_INFINITY], "?": [0, 1] } as const;
    const character = this.#text[this.#at];
    if (character === "*" || character === "+" || character === "?") {
      this.#at++;
      const [min, max] = simple[character];
      return { min, max };
    }
    if (character !== "{") return undefined;
    const counts = this.#match(COUNT) ?? this.#fail("a repetition is spelled wrong");
    const min = Number(counts[1]);
    const max = counts[2] === undefined ? min : counts[3] === undefined ? Number.POSITIVE_INFINITY : Number(counts[3]);
    if (max < min) this.#fail("a repetition has a maximum below its minimum");
    if (min > LARGEST_COUNT || (max > LARGEST_COUNT && max !== Number.POSITIVE_INFINITY)) {
      this.#fail(`${counts[0]} repeats more than ${LARGEST_COUNT} times, which the engine does not count; nest two repetitions instead`);
    }
    return { min, max };
  }

  #readLiteral(): GbnfSequence {
    this.#at++;
    const sequence: GbnfElement[] = [];
    while (this.#text[this.#at] !== '"') {
      const codePoint = this.#readCharacter();
      sequence.push({ kind: "characters", ranges: [[codePoint, codePoint]] });
    }
    this.#at++;
    return sequence;
  }

  #readClass(): CodePointRanges {
    this.#at++;
    const isNegated = this.#text[this.#at] === "^";
    if (isNegated) this.#at++;
    const ranges: [number, number][] = [];
    while (this.#text[this.#at] !== "]") {
      const first = this.#readCharacter();
      let last = first;
      if (this.#text[this.#at] === "-" && this.#text[this.#at + 1] !== "]") {
        this.#at++;
        last = this.#readCharacter();
      }
      ranges.push([first, Math.max(first, last)]);
    }
    this.#at++;
    const set = unionOf(ranges);
    return isNegated ? complementOf(set) : set;
  }

  #readCharacter(): number {
    const codePoint = this.#text.codePointAt(this.#at) ?? this.#fail("a text or a set of characters has no end");
    const character = String.fromCodePoint(codePoint);
    this.#at += character.length;
    if (character !== "\\") return codePoint;
    const letter = this.#text[this.#at] ?? "";
    this.#at++;
    const digits = HEXADECIMAL_DIGITS[letter];
    if (digits !== undefined) {
      const hexadecimal = this.#text.slice(this.#at, this.#at + digits);
      if (!/^[0-9A-Fa-f]+$/.test(hexadecimal) || hexadecimal.length < digits) this.#fail(`\\${letter} takes ${digits} hexadecimal digits`);
      this.#at += digits;
      return Number.parseInt(hexadecimal, 16);
    }
    return codePointOf(ESCAPES[letter] ?? this.#fail(`there is no escape \\${letter}`));
  }

  #readName(): string | undefined {
    const at = this.#at;
    const name = this.#match(NAME)?.[0];
    if (name !== undefined) this.#names.push({ name, at });
    return name;
  }

  #addRule(alternatives: readonly GbnfSequence[]): GbnfElement {
    const name = this.#freeName();
    this.#define(name, alternatives);
    return { kind: "rule", name };
  }

  #freeName(): string {
    return `${this.#rule}(${this.#rules.size})`;
  }

  #define(name: string, alternatives: readonly GbnfSequence[]): void {
    this.#count(alternatives.reduce((sum, { length }) => sum + length + 1, 0));
    this.#rules.set(name, alternatives);
  }

  #count(elements: number): void {
    this.#elements += elements;
    if (this.#elements > MOST_ELEMENTS)
      throw new GbnfError(`The grammar is too large: its repetitions make more than ${MOST_ELEMENTS} elements.`);
  }

  #skip(blank: RegExp): void {
    this.#match(blank);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text) ?? undefined;
    if (match !== undefined) this.#at = pattern.lastIndex;
    return match;
  }

  #fail(what: string): never {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    const where = this.#rule === "" ? "" : `, in the rule "${this.#rule}"`;
    throw new GbnfError(`The grammar cannot be used: ${what} (line ${line}${where}).`);
  }
}
