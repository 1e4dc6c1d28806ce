import { Ajv, type Options, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { JsonSchema } from "../engine/generation.ts";
import { isTimeout, withinTime } from "./bounded-time.ts";
import { safePattern } from "./safe-pattern.ts";
import { withStandardKeywords } from "./standard-keywords.ts";

/** @returns what is wrong with a JSON text by the schema, or undefined. @throws UnusableSchemaError where that cannot be told. */
export type JsonValidator = (text: string) => string | undefined;

/** A schema by which nothing can be checked. The message is a clause for clients: `it is …`. */
export class UnusableSchemaError extends Error {
  override readonly name = "UnusableSchemaError";
}

/** Compiling takes milliseconds, and applications send the same few schemas. Longer ones are kept only while their request is: many would fill the memory. */
const MOST_VALIDATORS = 200;
const MOST_KEPT_CHARACTERS = 50_000;
const validators = new Map<string, JsonValidator>();
const validatorsOfRequests = new WeakMap<JsonSchema, JsonValidator>();

/** Of the event loop, which everybody waits for: useful schemas take a hundredth of it. */
const MOST_COMPILE_MS = 2_000;
const MOST_CHECK_MS = 1_000;

/** A schema that never comes to an end with one of these is told before there is an answer to check. */
const ONE_OF_EACH_TYPE = [null, true, 0, "", [], {}];

const compilePattern = Object.assign(safePattern, { code: "" });

const OPTIONS: Options = {
  strict: false,
  logger: false,
  validateSchema: false,
  ownProperties: true,
  multipleOfPrecision: 6,
  code: { regExp: compilePattern },
};

/** @throws UnusableSchemaError: a `$ref` that leads nowhere, a pattern that is none. */
export function jsonValidator(schema: JsonSchema): JsonValidator {
  const known = validatorsOfRequests.get(schema);
  if (known !== undefined) return known;
  const key = JSON.stringify(schema);
  const validator = validators.get(key) ?? compile(schema);
  validatorsOfRequests.set(schema, validator);
  if (key.length <= MOST_KEPT_CHARACTERS) keep(key, validator);
  return validator;
}

function keep(key: string, validator: JsonValidator): void {
  const [oldest] = validators.keys();
  if (validators.size >= MOST_VALIDATORS && oldest !== undefined) validators.delete(oldest);
  validators.set(key, validator);
}

function compile({ $schema: declared, ...keywords }: JsonSchema): JsonValidator {
  const isDraft7 = typeof declared === "string" && declared.includes("draft-07");
  // An instance for each: ajv keeps what it has compiled for as long as itself.
  const ajv = isDraft7 ? new Ajv(OPTIONS) : new Ajv2020(OPTIONS);
  addFormats.default(ajv);
  const validate = bounded(MOST_COMPILE_MS, () => {
    const compiled = ajv.compile(withStandardKeywords(keywords));
    for (const value of ONE_OF_EACH_TYPE) compiled(value);
    return compiled;
  });
  return (text) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return "it is not JSON";
    }
    return bounded(MOST_CHECK_MS, () => check(validate, value));
  };
}

function check(validate: ValidateFunction, value: unknown): string | undefined {
  if (validate(value) === true) return undefined;
  const [first] = validate.errors ?? [];
  return `${first?.instancePath || "the whole"} ${first?.message ?? "is not valid"}`;
}

/** @throws UnusableSchemaError */
function bounded<Value>(mostMs: number, run: () => Value): Value {
  try {
    return withinTime(mostMs, run);
  } catch (cause) {
    throw new UnusableSchemaError(describeFault(cause), { cause });
  }
}

function describeFault(fault: unknown): string {
  if (isTimeout(fault)) return "it is too costly to check anything by it";
  if (fault instanceof RangeError) return "it is defined by itself alone, so that nothing can be checked by it";
  return `it cannot be used: ${fault instanceof Error ? fault.message : String(fault)}`;
}
