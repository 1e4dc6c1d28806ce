import type { Dialect } from "@bonfire/protocol/dialect";
import { ApiError } from "@bonfire/protocol/errors";

/** Where a field is specified, by dialect; `others`: in the APIs of inference servers whose clients are met as well. */
export type FieldSources = Partial<Readonly<Record<Dialect | "others", string>>>;

/**
 * How a field of a request is treated, in every dialect alike. `ignored`: it cannot change the answer's tokens. `refused`: it would change the
 * answer and is not served here, unless its value asks for nothing.
 */
export type FieldRule = { readonly sources: FieldSources } & (
  | { readonly treatment: "supported" | "ignored" }
  | { readonly treatment: "refused"; readonly unless?: HarmlessValue }
);

interface HarmlessValue {
  readonly is: (value: unknown, body: Readonly<Record<string, unknown>>) => boolean;
  /** For people: `[]`. */
  readonly words: string;
}

export type FieldTable = Readonly<Record<string, FieldRule>>;

/** What the real APIs do with a field that they do not know (migration reference, P1). */
const REFUSES_UNKNOWN: Readonly<Record<Dialect, boolean>> = { openai: true, together: false, fireworks: false };

/**
 * Judges the fields of a body by their table. Null always counts as absent. It wants the body as it came: a schema's output lacks fields such
 * as `__proto__`.
 * @returns names of the fields that were ignored, for the header `x-bonfire-ignored`.
 * @throws ApiError `unsupported_parameter` or `unknown_parameter`, naming the field.
 */
export function judgeFields(body: unknown, table: FieldTable, dialect: Dialect): string[] {
  if (typeof body !== "object" || body === null) return [];
  const fields: Readonly<Record<string, unknown>> = { ...body };
  const ignored: string[] = [];
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value === null) continue;
    const rule = Object.hasOwn(table, name) ? table[name] : undefined;
    if (rule === undefined) ignored.push(...judgeUnknown(name, dialect));
    else if (rule.treatment === "ignored") ignored.push(name);
    else if (rule.treatment === "refused" && rule.unless?.is(value, fields) !== true) {
      const unless = rule.unless === undefined ? "" : ` (${rule.unless.words} is accepted)`;
      throw new ApiError("unsupported_parameter", `'${name}' is not supported by this server; leave it out${unless}.`, { param: name });
    }
  }
  return ignored;
}

/**
 * Keys inside the fields of a body that its schema does not know: those that its output lacks.
 * @returns their paths where the dialect ignores such keys. @throws ApiError `unknown_parameter` where it does not.
 */
export function judgeNestedKeys(input: unknown, parsed: unknown, dialect: Dialect, path = ""): string[] {
  // What a schema hands on as it came may be nested without end.
  if (input === parsed || typeof input !== "object" || input === null || typeof parsed !== "object" || parsed === null) return [];
  const given: Readonly<Record<string, unknown>> = { ...input };
  const known: Readonly<Record<string, unknown>> = { ...parsed };
  const unknown: string[] = [];
  for (const key of Object.keys(given)) {
    const value = given[key];
    if (value === null || value === undefined) continue;
    const isKnown = Object.hasOwn(known, key);
    // Almost every value is a word or a number that came through as it was.
    if (isKnown && value === known[key]) continue;
    const place = Array.isArray(input) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
    unknown.push(...(isKnown ? judgeNestedKeys(value, known[key], dialect, place) : judgeUnknown(place, dialect)));
  }
  return unknown;
}

function judgeUnknown(param: string, dialect: Dialect): string[] {
  if (REFUSES_UNKNOWN[dialect]) throw new ApiError("unknown_parameter", `Unknown parameter: '${param}'.`, { param });
  return [param];
}

export const UNLESS_FALSE: HarmlessValue = { is: (value) => value === false, words: "false" };
export const UNLESS_EMPTY: HarmlessValue = {
  is: (value) => value === "" || (Array.isArray(value) && value.length === 0),
  words: "an empty one",
};
