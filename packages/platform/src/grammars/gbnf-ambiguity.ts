import { includesCodePoint } from "./code-point-ranges.ts";
import type { GbnfElement, GbnfRules, GbnfSequence } from "./read-gbnf.ts";

/** What is left to be written: an element, and what follows it. */
interface Stack {
  readonly id: number;
  readonly sequence: GbnfSequence;
  readonly position: number;
  readonly below: Stack | undefined;
}

/** A long token: the engine tries every way to read one. */
const TOKEN_CHARACTERS = 8;
/** `([a-z]{1,20}){0,20}` has 128, and costs three times the time of a free answer; `([a-z]{0,20}){0,20}` has millions and never ends. */
const MOST_WAYS = 20_000;
/** Of one rule, before anything is read. */
const MOST_STACKS = 20_000;
/** Steps for the whole grammar, of about a microsecond; what takes more of them is left to the engine. */
const MOST_STEPS = 500_000;
/** No stack has an id so high: each step makes a few at most. */
const ID_LIMIT = 2 ** 26;
/** Characters that are tried at each step. */
const MOST_CHARACTERS = 12;

/**
 * Finds a rule that can be read in so many ways that the engine, which tries each of them for each token, would not come back: repetitions of
 * what may be empty, and rules that begin with themselves. Looks for the worst character at each step, from the beginning of each rule.
 */
export function findAmbiguousRule({ rules }: Pick<GbnfRules, "rules">): string | undefined {
  const search = new AmbiguitySearch(rules);
  let found = [...rules.keys()].find((name) => search.isAmbiguous(name));
  // Down to the one that makes the others so.
  for (const seen = new Set<string>(); found !== undefined && !seen.has(found); ) {
    seen.add(found);
    const within = (rules.get(found) ?? []).flat().flatMap((element) => (element.kind === "rule" ? [element.name] : []));
    found = within.find((name) => !seen.has(name) && search.isAmbiguous(name)) ?? found;
  }
  return found?.replace(/\(.*/, "");
}

class AmbiguitySearch {
  readonly #rules: GbnfRules["rules"];
  /** By sequence, then by position and what is below. */
  readonly #stacks = new Map<GbnfSequence, Map<number, Stack>>();
  #stackCount = 0;
  readonly #tops = new Map<number, readonly Stack[]>();
  #steps = 0;

  constructor(rules: GbnfRules["rules"]) {
    this.#rules = rules;
  }

  get #isExhausted(): boolean {
    return this.#steps > MOST_STEPS;
  }

  isAmbiguous(rule: string): boolean {
    const begin: GbnfSequence = [{ kind: "rule", name: rule }];
    let ways = new Map<Stack, number>();
    const first = this.#topsOf(this.#stack(begin, 0, undefined));
    if (first === undefined) return !this.#isExhausted;
    for (const stack of first) ways.set(stack, 1);
    for (let step = 0; step < TOKEN_CHARACTERS && ways.size > 0; step++) {
      const next = this.#worstStep(ways);
      if (next === undefined) return !this.#isExhausted;
      ways = next;
    }
    return false;
  }

  /** The ways to go on after the character that leaves most of them; undefined where these are too many. */
  #worstStep(ways: ReadonlyMap<Stack, number>): Map<Stack, number> | undefined {
    let worst = new Map<Stack, number>();
    let most = 0;
    for (const character of charactersOf(ways.keys())) {
      const next = new Map<Stack, number>();
      let sum = 0;
      for (const [stack, count] of ways) {
        this.#steps++;
        if (this.#isExhausted) return undefined;
        const element = elementOf(stack);
        if (element?.kind !== "characters" || !includesCodePoint(element.ranges, character)) continue;
        const tops = this.#topsOf(this.#after(stack));
        if (tops === undefined) return undefined;
        for (const top of tops) next.set(top, (next.get(top) ?? 0) + count);
        this.#steps += tops.length;
        sum += count * tops.length;
      }
      if (sum > MOST_WAYS) return undefined;
      if (sum > most) [most, worst] = [sum, next];
    }
    return worst;
  }

  /** The stacks whose next element is a character or token, each once; undefined where they are too many. */
  #topsOf(stack: Stack | undefined): readonly Stack[] | undefined {
    if (stack === undefined) return [];
    const known = this.#tops.get(stack.id);
    if (known !== undefined) return known;
    const tops: Stack[] = [];
    const seen = new Set([stack.id]);
    const waiting = [stack];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      this.#steps++;
      if (this.#isExhausted || seen.size > MOST_STACKS) return undefined;
      const element = elementOf(next);
      if (element?.kind !== "rule") {
        tops.push(next);
        continue;
      }
      const below = this.#after(next);
      for (const sequence of this.#rules.get(element.name) ?? []) {
        const pushed = sequence.length > 0 ? this.#stack(sequence, 0, below) : below;
        if (pushed === undefined || seen.has(pushed.id)) continue;
        seen.add(pushed.id);
        waiting.push(pushed);
      }
    }
    this.#tops.set(stack.id, tops);
    return tops;
  }

  #after({ sequence, position, below }: Stack): Stack | undefined {
    return position + 1 < sequence.length ? this.#stack(sequence, position + 1, below) : below;
  }

  #stack(sequence: GbnfSequence, position: number, below: Stack | undefined): Stack {
    const ofSequence = this.#stacks.get(sequence) ?? new Map<number, Stack>();
    this.#stacks.set(sequence, ofSequence);
    const key = position * ID_LIMIT + (below?.id ?? ID_LIMIT - 1);
    const known = ofSequence.get(key) ?? { id: this.#stackCount++, sequence, position, below };
    ofSequence.set(key, known);
    return known;
  }
}

function elementOf({ sequence, position }: Stack): GbnfElement | undefined {
  return sequence[position];
}

/** The beginnings of the sets that may come next: where sets overlap, one of them is in both. */
function charactersOf(stacks: Iterable<Stack>): ReadonlySet<number> {
  const characters = new Set<number>();
  for (const stack of stacks) {
    const element = elementOf(stack);
    if (element?.kind !== "characters") continue;
    for (const [first] of element.ranges) {
      characters.add(first);
      if (characters.size >= MOST_CHARACTERS) return characters;
    }
  }
  return characters;
}
