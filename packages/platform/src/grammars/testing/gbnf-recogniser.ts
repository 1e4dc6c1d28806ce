import type { GbnfNode, GbnfRules } from "./gbnf-grammar.ts";

/** What is still to be read: a list that shares its tail with others. */
type Continuation = { readonly node: GbnfNode; readonly after: Continuation; readonly key: string } | undefined;

const IDS = new WeakMap<GbnfNode, number>();
let nextId = 0;

/** Whether a text is one of a grammar's, by following all ways of reading it at once, as llama.cpp does. */
export function recognises(rules: GbnfRules, text: string, root = "root"): boolean {
  let states = expand(rules, [push({ kind: "rule", name: root }, undefined)]);
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0;
    const reached = [...states.values()].flatMap((state) =>
      state !== undefined && state.node.kind === "set" && isIn(state.node, codePoint) ? [state.after] : [],
    );
    states = expand(rules, reached);
    if (states.size === 0) return false;
  }
  return states.has("");
}

/** All continuations that begin with a character, and the empty one where the text may end. */
function expand(rules: GbnfRules, from: readonly Continuation[]): ReadonlyMap<string, Continuation> {
  const found = new Map<string, Continuation>();
  const seen = new Set<string>();
  const waiting = [...from];
  while (waiting.length > 0) {
    const state = waiting.pop();
    const key = state?.key ?? "";
    if (seen.has(key)) continue;
    seen.add(key);
    if (state === undefined || state.node.kind === "set") {
      found.set(key, state);
      continue;
    }
    const { node, after } = state;
    switch (node.kind) {
      case "rule": {
        const body = rules.get(node.name);
        if (body !== undefined) waiting.push(push(body, after));
        break;
      }
      case "sequence":
        waiting.push(node.parts.reduceRight<Continuation>((rest, part) => push(part, rest), after));
        break;
      case "choice":
        waiting.push(...node.options.map((option) => push(option, after)));
        break;
      case "repeat":
        if (node.min === 0) waiting.push(after);
        if (node.max > 0) waiting.push(push(node.of, push(oneLess(node), after)));
    }
  }
  return found;
}

const LESS = new WeakMap<GbnfNode, GbnfNode>();

function oneLess(node: Extract<GbnfNode, { kind: "repeat" }>): GbnfNode {
  const known = LESS.get(node);
  if (known !== undefined) return known;
  const less: GbnfNode =
    node.min === 0 && !Number.isFinite(node.max) ? node : { ...node, min: Math.max(0, node.min - 1), max: node.max - 1 };
  LESS.set(node, less);
  return less;
}

function push(node: GbnfNode, after: Continuation): Continuation {
  let id = IDS.get(node);
  if (id === undefined) {
    id = node.kind === "rule" ? -1 : nextId++;
    IDS.set(node, id);
  }
  const name = node.kind === "rule" ? node.name : `#${id}`;
  return { node, after, key: `${name} ${after?.key ?? ""}` };
}

function isIn({ negated, ranges }: Extract<GbnfNode, { kind: "set" }>, codePoint: number): boolean {
  return ranges.some(([first, last]) => first <= codePoint && codePoint <= last) !== negated;
}
