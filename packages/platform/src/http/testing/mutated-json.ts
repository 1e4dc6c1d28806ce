import fc from "fast-check";

/** JSON as text, so that it can be what no JavaScript value is: a key twice, `-0`, `1e400`, half a surrogate pair. */
type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly Node[] }
  | { readonly kind: "object"; readonly entries: readonly (readonly [string, Node])[] };

/** What is done to one place of a body. */
type Mutation =
  | { readonly kind: "replace"; readonly text: string }
  | { readonly kind: "remove" | "double" | "wrap" | "swallow" }
  | { readonly kind: "rename"; readonly name: string };

const repeated = (text: string, times: number): string => `[${Array.from({ length: times }, () => text).join(",")}]`;
const nested = (open: string, close: string, depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`;

const NUMBERS = ["0", "-0", "-1", "1e308", "-1e308", "1e400", "5e-324", "0.1", "9007199254740993", "-9007199254740993", "4294967297"];
const TEXTS = [
  '""',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udc00x"',
  '"\\ufeff\\u2028"',
  '"<|im_end|>"',
  '"__proto__"',
  '"../.."',
  '"data:image/png;base64,"',
];
const SHAPES = [
  "null",
  "true",
  "false",
  "{}",
  "[]",
  "[null]",
  "[[]]",
  "[{}]",
  '{"type":"text"}',
  '{"type":"object","id":1,"nullable":true}',
];
const MONSTERS = [
  ...[nested("[", "]", 10_000), nested('{"a":', "}", 10_000), nested('{"type":', "}", 400), nested('{"anyOf":[', "]}", 100)],
  ...[repeated("0", 10_000), repeated("{}", 10_000), repeated('"a"', 100_000), repeated('{"role":"user","content":"a"}', 10_000)],
  `{${Array.from({ length: 10_000 }, (_, index) => `"k${index}":${index}`).join(",")}}`,
  ...[`"${"word ".repeat(20_000)}"`, `"${"a".repeat(1_000_000)}"`, '"(a+)+$"', '"(?=(a*)*)b"', '"root ::= ([a-z]*){0,50}"'],
  ...[
    '{"$ref":"#"}',
    '{"type":"object","properties":{"a":{"$ref":"#"}}}',
    '{"$async":true}',
    '{"not":{}}',
    '{"pattern":"(a+)+$","type":"string"}',
  ],
];
const NAMES = ["__proto__", "constructor", "toString", "a\0b", "\ud800", "", "é\n", "x".repeat(10_000), "stream", "model", "type", "$ref"];

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NUMBERS, ...TEXTS, ...SHAPES).map((text) => ({ kind: "replace", text }) as const) },
  { weight: 2, arbitrary: fc.constantFrom(...MONSTERS).map((text) => ({ kind: "replace", text }) as const) },
  { weight: 2, arbitrary: fc.json({ maxDepth: 4 }).map((text) => ({ kind: "replace", text }) as const) },
  { weight: 3, arbitrary: fc.constantFrom("remove", "double", "wrap", "swallow").map((kind) => ({ kind }) as const) },
  { weight: 1, arbitrary: fc.constantFrom(...NAMES).map((name) => ({ kind: "rename", name }) as const) },
);

/** Texts of a body in which up to four places are not what they should be. */
export function mutatedJson(body: unknown): fc.Arbitrary<string> {
  const steps = fc.array(fc.record({ place: fc.nat(), mutation }), { minLength: 1, maxLength: 4 });
  return steps.map((all) => write(all.reduce((node, step) => mutate(node, step.place % countPlaces(node), step.mutation), read(body))));
}

function read(value: unknown): Node {
  if (Array.isArray(value)) return { kind: "list", items: value.map(read) };
  if (typeof value !== "object" || value === null) return { kind: "text", text: JSON.stringify(value) };
  return { kind: "object", entries: Object.entries(value).map(([key, child]) => [key, read(child)]) };
}

function write(node: Node): string {
  if (node.kind === "text") return node.text;
  if (node.kind === "list") return `[${node.items.map(write).join(",")}]`;
  return `{${node.entries.map(([key, child]) => `${JSON.stringify(key)}:${write(child)}`).join(",")}}`;
}

function childrenOf(node: Node): readonly (readonly [string, Node])[] {
  if (node.kind === "text") return [];
  return node.kind === "list" ? node.items.map((item) => ["", item]) : node.entries;
}

/** Itself is none of its places. */
function countPlaces(node: Node): number {
  return Math.max(1, countDescendants(node));
}

function countDescendants(node: Node): number {
  return childrenOf(node).reduce((count, [, child]) => count + 1 + countDescendants(child), 0);
}

/** @param place of its descendants, depth first. */
function mutate(node: Node, place: number, how: Mutation): Node {
  let before = 0;
  const children = childrenOf(node).flatMap(([key, child]): (readonly [string, Node])[] => {
    const own = before;
    const inside = countDescendants(child);
    before += 1 + inside;
    if (place === own) return apply(key, child, how, node);
    return place > own && place <= own + inside ? [[key, mutate(child, place - own - 1, how)]] : [[key, child]];
  });
  if (node.kind === "text") return node;
  return node.kind === "list" ? { kind: "list", items: children.map(([, child]) => child) } : { kind: "object", entries: children };
}

function apply(key: string, node: Node, how: Mutation, parent: Node): (readonly [string, Node])[] {
  switch (how.kind) {
    case "replace":
      return [[key, { kind: "text", text: how.text }]];
    case "remove":
      return [];
    case "double":
      return [
        [key, node],
        [key, node],
      ];
    case "wrap":
      return [[key, { kind: "list", items: [node] }]];
    case "swallow":
      return [[key, parent]];
    case "rename":
      return [[how.name, node]];
  }
}
