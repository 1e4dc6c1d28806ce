import type { GbnfNode, GbnfRules } from "./gbnf-grammar.ts";

/** What an unbounded repetition is taken to be. */
const MORE_REPETITIONS = 3;
/** Beyond this depth the shortest way to an end is taken. */
const DEEPEST = 60;
const LAST = 0x10_ffff;

/** Random texts of a grammar; the same for the same seed. Edges of sets are likelier than what lies between them. */
export function randomSentence(rules: GbnfRules, seed: number, root = "root"): string {
  const random = mulberry32(seed);
  const shortest = shortestLengths(rules);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[Math.floor(random() * items.length)];
    if (item === undefined) throw new Error("The grammar has an impossible rule.");
    return item;
  };
  let written = "";

  function write(node: GbnfNode, depth: number): void {
    switch (node.kind) {
      case "set":
        written += String.fromCodePoint(pickCodePoint(node));
        return;
      case "rule":
        write(bodyOf(rules, node.name), depth + 1);
        return;
      case "sequence":
        for (const part of node.parts) write(part, depth);
        return;
      case "choice": {
        const options = node.options.filter((option) => Number.isFinite(lengthOf(option, shortest)));
        const end = options.toSorted((a, b) => lengthOf(a, shortest) - lengthOf(b, shortest))[0];
        write(depth > DEEPEST && end !== undefined ? end : pick(options), depth);
        return;
      }
      case "repeat": {
        const most = Math.min(node.max, node.min + MORE_REPETITIONS);
        const possible = Number.isFinite(lengthOf(node.of, shortest));
        const bounded = Number.isFinite(node.max) && random() < 0.1 ? node.max : most;
        const count = depth > DEEPEST || !possible ? node.min : node.min + Math.floor(random() * (bounded - node.min + 1));
        for (let index = 0; index < count; index += 1) write(node.of, depth);
      }
    }
  }

  function pickCodePoint({ ranges, negated }: Extract<GbnfNode, { kind: "set" }>): number {
    for (;;) {
      const [first, last] = negated ? pick([[0x20, 0x7e] as const, [0xa0, 0x2ff] as const, [0x1_f600, LAST] as const]) : pick(ranges);
      const codePoint = pick([first, last, first + Math.floor(random() * (last - first + 1))]);
      const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
      if (!isSurrogate && (!negated || !ranges.some(([from, to]) => from <= codePoint && codePoint <= to))) return codePoint;
    }
  }

  write({ kind: "rule", name: root }, 0);
  return written;
}

function bodyOf(rules: GbnfRules, name: string): GbnfNode {
  const body = rules.get(name);
  if (body === undefined) throw new Error(`There is no rule ${name}.`);
  return body;
}

const KNOWN = new WeakMap<GbnfRules, ReadonlyMap<string, number>>();

/** Infinite for what has no end. */
function shortestLengths(rules: GbnfRules): ReadonlyMap<string, number> {
  const known = KNOWN.get(rules);
  if (known !== undefined) return known;
  const lengths = new Map<string, number>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const [name, body] of rules) {
      const length = lengthOf(body, lengths);
      if (length < (lengths.get(name) ?? Number.POSITIVE_INFINITY)) {
        lengths.set(name, length);
        changed = true;
      }
    }
  }
  KNOWN.set(rules, lengths);
  return lengths;
}

function lengthOf(node: GbnfNode, lengths: ReadonlyMap<string, number>): number {
  switch (node.kind) {
    case "set":
      return 1;
    case "rule":
      return lengths.get(node.name) ?? Number.POSITIVE_INFINITY;
    case "sequence":
      return node.parts.reduce((total, part) => total + lengthOf(part, lengths), 0);
    case "choice":
      return Math.min(...node.options.map((option) => lengthOf(option, lengths)));
    case "repeat":
      return node.min === 0 ? 0 : node.min * lengthOf(node.of, lengths);
  }
}

/** A small seeded generator of numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
