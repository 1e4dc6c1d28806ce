import { SchemaError } from "./grammar-errors.ts";
import { type Expression, NEVER, repeat, sequence } from "./grammar-expression.ts";
import { anyJsonString } from "./json-grammar.ts";
import type { SchemaNode } from "./json-schema-document.ts";
import { joinPath } from "./json-schema-keywords.ts";
import { anyJsonCharacter, jsonCharacters } from "./json-string.ts";
import { regexExpression } from "./regex-grammar.ts";
import { lengthsOf, restrictLengths } from "./regex-lengths.ts";
import type { Regex } from "./regex-tree.ts";
import type { SchemaCompilation } from "./schema-compilation.ts";
import { readPattern } from "./schema-pattern.ts";
import { stringFormat } from "./string-formats.ts";

/** No context holds more, and larger counts would cost rules: a longer limit is narrowed to this. */
const LONGEST_COUNTED = 100_000;

interface Form {
  readonly keyword: "pattern" | "format";
  readonly at: string;
  readonly text: string;
  readonly regex: Regex;
}

/** A JSON string. Of several patterns and formats the first is enforced. */
export function stringExpression(nodes: readonly SchemaNode[], compilation: SchemaCompilation): Expression {
  const min = Math.max(0, ...nodes.map(({ keywords }) => keywords.minLength ?? 0));
  const most = Math.min(...nodes.map(({ keywords }) => keywords.maxLength ?? Number.POSITIVE_INFINITY));
  if (min > most) return NEVER;
  if (min > LONGEST_COUNTED)
    throw new SchemaError(`No text is as long as \`minLength\` demands: more than ${LONGEST_COUNTED}.`, pathOf(nodes, "minLength"));
  const max = Number.isFinite(most) ? Math.min(most, LONGEST_COUNTED) : most;
  const [form, ...others] = formsOf(nodes, compilation).filter(
    (one, index, all) => all.findIndex(({ text }) => text === one.text) === index,
  );
  for (const { keyword, at } of others) {
    compilation.reportShortfall(keyword, at, `Only one pattern or format of a text can be enforced, here \`${form?.text}\`.`);
  }
  if (form === undefined) return plainString(min, max, compilation);
  const fitting = restrictLengths(form.regex, { min, max });
  if (fitting === undefined) reportLengths(nodes, form, compilation);
  const { grammar } = compilation;
  return sequence(
    '"',
    regexExpression(fitting ?? form.regex, (ranges) => jsonCharacters(grammar, ranges)),
    '"',
  );
}

function plainString(min: number, max: number, { grammar }: SchemaCompilation): Expression {
  if (min === 0 && max === Number.POSITIVE_INFINITY) return anyJsonString(grammar);
  return grammar.sharedRule(`string ${min} ${max}`, `string-${min}-${Number.isFinite(max) ? max : "up"}`, () =>
    sequence('"', repeat(anyJsonCharacter(grammar), min, max), '"'),
  );
}

function formsOf(nodes: readonly SchemaNode[], { reportShortfall }: SchemaCompilation): readonly Form[] {
  const patterns = nodes.flatMap(({ path, keywords: { pattern } }): Form[] => {
    if (pattern === undefined) return [];
    const { regex, reason } = readPattern(pattern, joinPath(path, "pattern"));
    if (regex === undefined) reportShortfall("pattern", path, reason);
    return regex === undefined ? [] : [{ keyword: "pattern", at: path, text: pattern, regex }];
  });
  const formats = nodes.flatMap(({ path, keywords: { format } }): Form[] => {
    const regex = format === undefined ? undefined : stringFormat(format);
    return regex === undefined || format === undefined ? [] : [{ keyword: "format", at: path, text: format, regex }];
  });
  return [...patterns, ...formats];
}

function reportLengths(nodes: readonly SchemaNode[], form: Form, { reportShortfall }: SchemaCompilation): void {
  const { min, max } = lengthsOf(form.regex);
  for (const { path, keywords } of nodes) {
    const reason = `No way was found to combine it with the ${form.keyword} \`${form.text}\`.`;
    if (keywords.minLength !== undefined && keywords.minLength > min) reportShortfall("minLength", path, reason);
    if (keywords.maxLength !== undefined && keywords.maxLength < max) reportShortfall("maxLength", path, reason);
  }
}

function pathOf(nodes: readonly SchemaNode[], keyword: "minLength"): string {
  return joinPath(nodes.find(({ keywords }) => (keywords[keyword] ?? 0) > LONGEST_COUNTED)?.path ?? "", keyword);
}
