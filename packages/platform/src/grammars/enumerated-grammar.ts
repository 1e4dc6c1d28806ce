import { choice, type Expression, literal, sequence } from "./grammar-expression.ts";
import { ITEM_SEPARATOR, KEY_SEPARATOR } from "./json-grammar.ts";
import { jsonText } from "./json-string.ts";
import type { Conjunction } from "./schema-conjunction.ts";
import { satisfies } from "./schema-evaluation.ts";
import type { ReportShortfall } from "./shortfall.ts";

/** So many levels of common beginnings are shared: thousands of values that begin alike cost an engine thousands of looks at each token. */
const DEEPEST_SHARING = 12;

export interface EnumeratedValues {
  readonly values: readonly unknown[];
  readonly keyword: "const" | "enum";
  readonly at: string;
}

/** The values that schemas list; undefined when none lists any. */
export function enumeratedValues({ nodes }: Pick<Conjunction, "nodes">): EnumeratedValues | undefined {
  for (const { path, keywords } of nodes) {
    if (keywords.const !== undefined) return { values: [keywords.const], keyword: "const", at: path };
    if (keywords.enum !== undefined) return { values: keywords.enum, keyword: "enum", at: path };
  }
  return undefined;
}

/** The listed values that nothing else forbids. */
export function enumeratedExpression(
  { values, keyword, at }: EnumeratedValues,
  all: Conjunction,
  reportShortfall: ReportShortfall,
): Expression {
  const verdicts = values.map((value) => ({ value, verdict: satisfies(value, all) }));
  if (verdicts.some(({ verdict }) => verdict === undefined)) {
    reportShortfall(keyword, at, "Whether each listed value satisfies the other keywords is only known when it is validated.");
  }
  const texts = verdicts.flatMap(({ value, verdict }) => (verdict === false ? [] : (writeJson(value) ?? [])));
  return oneOfTexts([...new Set(texts)], 0);
}

/** JSON with the spaces that grammars have; undefined for what UTF-8 cannot hold. */
function writeJson(value: unknown): string | undefined {
  if (typeof value === "string") return jsonText(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const isArray = Array.isArray(value);
  const parts = Object.entries(value).map(([key, item]) => {
    const [name, text] = [jsonText(key), writeJson(item)];
    return name === undefined || text === undefined ? undefined : isArray ? text : `${name}${KEY_SEPARATOR}${text}`;
  });
  if (parts.includes(undefined)) return undefined;
  return isArray ? `[${parts.join(ITEM_SEPARATOR)}]` : `{${parts.join(ITEM_SEPARATOR)}}`;
}

/** A tree of common beginnings. */
function oneOfTexts(texts: readonly string[], depth: number): Expression {
  const [only] = texts;
  if (only !== undefined && texts.length === 1) return literal(only);
  if (depth === DEEPEST_SHARING) return choice(...texts);
  const groups = groupByFirst(texts);
  return choice(
    ...[...groups.values()].map((group) => {
      const beginning = commonBeginning(group);
      return sequence(
        beginning,
        oneOfTexts(
          group.map((text) => text.slice(beginning.length)),
          depth + 1,
        ),
      );
    }),
  );
}

function groupByFirst(texts: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const text of texts) {
    const first = [...text.slice(0, 2)][0] ?? "";
    const group = groups.get(first);
    if (group === undefined) groups.set(first, [text]);
    else group.push(text);
  }
  return groups;
}

/** In whole characters. */
function commonBeginning(texts: readonly string[]): string {
  const [first = "", ...others] = texts;
  let length = 0;
  for (const character of first) {
    if (!others.every((text) => text.startsWith(character, length))) break;
    length += character.length;
  }
  return first.slice(0, length);
}
