import { type CodePointRanges, codePointOf, complementOf, onlyCodePoint, rangeBetween, rangesOf, unionOf } from "./code-point-ranges.ts";
import { RegexError } from "./grammar-errors.ts";
import { CLASS_ESCAPES, NOT_LINE_END, unicodeProperty } from "./regex-classes.ts";
import type { AnchoredRegex } from "./regex-tree.ts";

const LONGEST_PATTERN = 1_000;
const DEEPEST_GROUPS = 100;
const LARGEST_COUNT = 100_000;
const CONTROL_ESCAPES: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", v: "\v", f: "\f", 0: "\0" };
/** What begins with `(?` and cannot be expressed: no grammar can look at what it does not write. */
const REFUSED_GROUPS = [
  ["(?=", "a look-ahead"],
  ["(?!", "a negative look-ahead"],
  ["(?<=", "a look-behind"],
  ["(?<!", "a negative look-behind"],
] as const;

/**
 * Reads a pattern as ECMAScript does with the flag `u`, but takes needless escapes (`\-`, `\_`) and lone brackets (`}`, `]`) as the characters.
 * @throws RegexError
 */
export function parseRegex(pattern: string): AnchoredRegex {
  const parser = new RegexParser(pattern);
  return parser.parse();
}

class RegexParser {
  readonly #input: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#input = [...pattern];
  }

  parse(): AnchoredRegex {
    if (this.#input.length > LONGEST_PATTERN)
      throw new RegexError(`The pattern has more than ${LONGEST_PATTERN} characters.`, LONGEST_PATTERN);
    const regex = this.#alternatives(0);
    if (this.#at < this.#input.length) throw this.#error("`)` without `(`");
    return regex;
  }

  #alternatives(depth: number): AnchoredRegex {
    if (depth > DEEPEST_GROUPS) throw this.#error(`groups nested more than ${DEEPEST_GROUPS} deep`);
    const options = [this.#sequence(depth)];
    while (this.#take("|")) options.push(this.#sequence(depth));
    const [only, ...more] = options;
    return only !== undefined && more.length === 0 ? only : { kind: "choice", options };
  }

  #sequence(depth: number): AnchoredRegex {
    const parts: AnchoredRegex[] = [];
    for (let next = this.#peek(); next !== undefined && next !== "|" && next !== ")"; next = this.#peek()) {
      parts.push(this.#quantified(this.#atom(depth)));
    }
    const [only, ...more] = parts;
    return only !== undefined && more.length === 0 ? only : { kind: "sequence", parts };
  }

  #atom(depth: number): AnchoredRegex {
    const offset = this.#at;
    const character = this.#next();
    switch (character) {
      case "^":
        return { kind: "anchor", at: "start", offset };
      case "$":
        return { kind: "anchor", at: "end", offset };
      case ".":
        return { kind: "characters", ranges: NOT_LINE_END };
      case "[":
        return { kind: "characters", ranges: this.#set(offset) };
      case "(":
        return this.#group(depth, offset);
      case "\\":
        return { kind: "characters", ranges: this.#escape(offset, false) };
      case "*":
      case "+":
      case "?":
        throw new RegexError(`\`${character}\` with nothing to repeat at offset ${offset} of the pattern.`, offset);
      default:
        return { kind: "characters", ranges: rangesOf(character) };
    }
  }

  #group(depth: number, offset: number): AnchoredRegex {
    const refused = REFUSED_GROUPS.find(([opening]) => this.#input.slice(offset, offset + opening.length).join("") === opening);
    if (refused !== undefined)
      throw new RegexError(`${refused[1]}, \`${refused[0]}…)\` at offset ${offset} of the pattern, cannot be enforced.`, offset);
    if (this.#take("?")) {
      const named = this.#take("<");
      if (named) while (!this.#take(">")) this.#next();
      else if (!this.#take(":")) {
        throw new RegexError(
          `\`(?${this.#peek() ?? ""}\` at offset ${offset} of the pattern is no group that is known; flags cannot be set.`,
          offset,
        );
      }
    }
    const inside = this.#alternatives(depth + 1);
    if (!this.#take(")")) throw new RegexError(`\`(\` at offset ${offset} of the pattern is not closed.`, offset);
    return inside;
  }

  #quantified(of: AnchoredRegex): AnchoredRegex {
    const offset = this.#at;
    const count = this.#count();
    if (count === undefined) return of;
    // A lazy one matches the same texts.
    this.#take("?");
    if (this.#peek() === "+" || this.#peek() === "*") throw this.#error(`a possessive or repeated quantifier, \`${this.#peek()}\``);
    const [min, max] = count;
    if (max < min) throw new RegexError(`The numbers in \`{${min},${max}}\` at offset ${offset} of the pattern are out of order.`, offset);
    if (min > LARGEST_COUNT) throw new RegexError(`More than ${LARGEST_COUNT} repetitions, at offset ${offset} of the pattern.`, offset);
    return { kind: "repeat", of, min, max: Number.isFinite(max) ? Math.min(max, LARGEST_COUNT) : max };
  }

  #count(): readonly [number, number] | undefined {
    if (this.#take("*")) return [0, Number.POSITIVE_INFINITY];
    if (this.#take("+")) return [1, Number.POSITIVE_INFINITY];
    if (this.#take("?")) return [0, 1];
    const counted = /^\{(\d+)(,(\d*))?\}/.exec(this.#input.slice(this.#at, this.#at + 40).join(""));
    if (counted === null) return undefined;
    this.#at += counted[0].length;
    const min = Number(counted[1]);
    if (counted[2] === undefined) return [min, min];
    return [min, counted[3] === "" ? Number.POSITIVE_INFINITY : Number(counted[3])];
  }

  #set(offset: number): CodePointRanges {
    const negated = this.#take("^");
    const members: CodePointRanges[] = [];
    while (!this.#take("]")) {
      if (this.#peek() === undefined) throw new RegexError(`\`[\` at offset ${offset} of the pattern is not closed.`, offset);
      members.push(this.#setMember());
    }
    const set = unionOf(...members);
    return negated ? complementOf(set) : set;
  }

  #setMember(): CodePointRanges {
    const offset = this.#at;
    const first = this.#setCharacter();
    if (this.#peek() !== "-" || this.#input[this.#at + 1] === "]" || this.#input[this.#at + 1] === undefined) return first;
    this.#at += 1;
    const last = this.#setCharacter();
    const [from, to] = [onlyCodePoint(first), onlyCodePoint(last)];
    if (from === undefined || to === undefined)
      throw new RegexError(`A class cannot end a range, at offset ${offset} of the pattern.`, offset);
    if (to < from) throw new RegexError(`The range at offset ${offset} of the pattern is out of order.`, offset);
    return rangeBetween(from, to);
  }

  #setCharacter(): CodePointRanges {
    const offset = this.#at;
    const character = this.#next();
    return character === "\\" ? this.#escape(offset, true) : rangesOf(character);
  }

  #escape(offset: number, inSet: boolean): CodePointRanges {
    const character = this.#next();
    const ranges = CLASS_ESCAPES[character];
    if (ranges !== undefined) return ranges;
    if (inSet && character === "b") return rangesOf("\b");
    if (character === "b" || character === "B")
      throw new RegexError(`A word boundary, \`\\${character}\` at offset ${offset} of the pattern, cannot be enforced.`, offset);
    if (/[1-9k]/.test(character))
      throw new RegexError(`A back-reference, \`\\${character}\` at offset ${offset} of the pattern, cannot be enforced.`, offset);
    if (character === "p" || character === "P") return this.#property(offset, character === "P");
    if (character === "x") return single(this.#hex(2, offset));
    if (character === "u") return single(this.#unicodeEscape(offset));
    if (character === "c" && /[A-Za-z]/.test(this.#peek() ?? "")) return single(codePointOf(this.#next()) % 32);
    const control = CONTROL_ESCAPES[character];
    if (control !== undefined) return rangesOf(control);
    if (/[A-Za-z]/.test(character))
      throw new RegexError(`\`\\${character}\` at offset ${offset} of the pattern is no escape that is known.`, offset);
    return rangesOf(character);
  }

  #property(offset: number, negated: boolean): CodePointRanges {
    const end = this.#input.indexOf("}", this.#at);
    const name = this.#peek() === "{" && end > 0 ? this.#input.slice(this.#at + 1, end).join("") : "";
    const ranges = unicodeProperty(name);
    if (ranges === undefined) throw new RegexError(`\`\\p{${name}}\` at offset ${offset} of the pattern is no Unicode property.`, offset);
    this.#at = end + 1;
    return negated ? complementOf(ranges) : ranges;
  }

  #unicodeEscape(offset: number): number {
    if (this.#take("{")) {
      const end = this.#input.indexOf("}", this.#at);
      const digits = end < 0 ? "" : this.#input.slice(this.#at, end).join("");
      const codePoint = /^[0-9a-fA-F]{1,8}$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
      if (!(codePoint <= 0x10_ffff)) throw new RegexError(`\`\\u{\` at offset ${offset} of the pattern holds no code point.`, offset);
      this.#at = end + 1;
      return codePoint;
    }
    const high = this.#hex(4, offset);
    const low = /^\\u([dD][c-fC-F][0-9a-fA-F]{2})/.exec(this.#input.slice(this.#at, this.#at + 6).join(""));
    if (high < 0xd800 || high > 0xdbff || low === null) return high;
    this.#at += 6;
    return codePointOf(String.fromCharCode(high, Number.parseInt(low[1] ?? "", 16)));
  }

  #hex(digits: number, offset: number): number {
    const written = this.#input.slice(this.#at, this.#at + digits).join("");
    if (written.length !== digits || !/^[0-9a-fA-F]+$/.test(written)) {
      throw new RegexError(`The escape at offset ${offset} of the pattern needs ${digits} hexadecimal digits.`, offset);
    }
    this.#at += digits;
    return Number.parseInt(written, 16);
  }

  #peek(): string | undefined {
    return this.#input[this.#at];
  }

  #next(): string {
    const character = this.#input[this.#at];
    if (character === undefined) throw this.#error("the end of the pattern, where more was expected");
    this.#at += 1;
    return character;
  }

  #take(character: string): boolean {
    if (this.#input[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #error(what: string): RegexError {
    return new RegexError(`There is ${what} at offset ${this.#at} of the pattern.`, this.#at);
  }
}

function single(codePoint: number): CodePointRanges {
  return rangeBetween(codePoint, codePoint);
}
