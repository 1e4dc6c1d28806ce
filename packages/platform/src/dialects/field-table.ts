import { ApiError } from "@bonfire/protocol/errors";

/**
 * How a dialect treats a field that its schema does not read. `ignored`: the real API accepts it and it cannot change the answer's tokens.
 * `refused`: it would change the answer and is not served here, unless its value asks for nothing.
 */
type FieldRule =
  | { readonly treatment: "ignored"; readonly source: string }
  | { readonly treatment: "refused"; readonly source: string; readonly harmless?: (value: unknown) => boolean };

export type FieldTable = Readonly<Record<string, FieldRule>>;

/**
 * Judges the fields of a body beyond those in `supported`. Null always counts as absent. It wants the body as it came: a schema's
 * output lacks fields such as `__proto__`.
 * @returns names of the fields that were ignored, for the header `x-bonfire-ignored`.
 * @throws ApiError `unsupported_parameter` or `unknown_parameter`, naming the field.
 */
export function judgeFields(body: unknown, supported: Readonly<Record<string, unknown>>, table: FieldTable): string[] {
  const ignored: string[] = [];
  for (const [name, value] of Object.entries(body ?? {})) {
    if (Object.hasOwn(supported, name) || value === null) continue;
    const rule = Object.hasOwn(table, name) ? table[name] : undefined;
    if (rule === undefined) throw new ApiError("unknown_parameter", `Unknown parameter: '${name}'.`, { param: name });
    if (rule.treatment === "ignored") ignored.push(name);
    else if (rule.harmless?.(value) !== true) {
      throw new ApiError("unsupported_parameter", `'${name}' is not supported by this server; leave it out.`, { param: name });
    }
  }
  return ignored;
}

export const isFalse = (value: unknown): boolean => value === false;
export const isEmptyArray = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
