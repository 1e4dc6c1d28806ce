import type { z } from "zod";
import { ApiError } from "./errors.ts";

/** Parses a request body or query. @throws ApiError that names the field, what was expected and, where short, what came. */
export function parseRequest<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw issue === undefined ? new ApiError("invalid_value", "The request is not valid.") : toApiError(deepest(issue), input);
}

/** A union fails with one list of issues per branch: the branch that got furthest is the one that the client meant. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
  const candidates = issue.errors
    .flatMap((branch) => branch.slice(0, 1))
    .map((inner) => deepest({ ...inner, path: [...issue.path, ...inner.path] }));
  const best = candidates.reduce((furthest, candidate) => (candidate.path.length > furthest.path.length ? candidate : furthest));
  return best.path.length > issue.path.length ? best : issue;
}

function toApiError(issue: z.core.$ZodIssue, input: unknown): ApiError {
  if (issue.code === "unrecognized_keys") {
    const param = formatPath([...issue.path, issue.keys[0] ?? ""]);
    return new ApiError("unknown_parameter", `Unknown parameter: '${param}'.`, { param });
  }
  const param = formatPath(issue.path);
  const value = valueAt(input, issue.path);
  if (input === undefined) return new ApiError("invalid_json", "The request has no body; expected a JSON object.");
  if (value === undefined) {
    return new ApiError("missing_required_parameter", `Missing required parameter: '${param}'.`, { param });
  }
  const where = param === "" ? "the request body" : `'${param}'`;
  const wrongType = issue.code === "invalid_type" || (issue.code === "invalid_union" && issue.errors.length > 0);
  const message = `Invalid ${wrongType ? "type" : "value"} for ${where}: expected ${expectation(issue)}, but got ${describe(value)}.`;
  return new ApiError(wrongType ? "invalid_type" : "invalid_value", message, param === "" ? {} : { param });
}

/** What would have been right, in words. */
function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return article(issue.expected === "int" ? "integer" : issue.expected);
    case "too_small":
      return amount(issue.origin, `at least ${issue.minimum}`);
    case "too_big":
      return amount(issue.origin, `at most ${issue.maximum}`);
    case "invalid_value":
      return oneOf(issue.values);
    case "invalid_union": {
      // A discriminated union lists its discriminator's values instead of branches.
      if ("options" in issue && Array.isArray(issue.options)) return oneOf(issue.options);
      return [...new Set(issue.errors.flatMap((branch) => branch.slice(0, 1)).map(expectation))].join(" or ");
    }
    case "invalid_key":
      return issue.issues[0]?.message ?? "another key";
    default:
      return issue.message;
  }
}

function oneOf(values: readonly unknown[]): string {
  // An optional discriminator lists its absence as well.
  const named = values.filter((value) => value !== undefined);
  return `${named.length === 1 ? "" : "one of "}${named.map((value) => JSON.stringify(value)).join(", ")}`;
}

function amount(origin: string, bound: string): string {
  if (origin === "array") return `an array with ${bound} items`;
  if (origin === "string") return `a string of ${bound} characters`;
  return `a number of ${bound}`;
}

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

/** Short values are quoted; of long ones only the kind is told, so that an error stays readable and holds no prompt. */
function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array with ${value.length} items`;
  if (typeof value === "object") return "an object";
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 40 ? text : article(typeof value);
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, step)?.value;
  }
  return value;
}

/** `messages[0].content`, as OpenAI's errors spell it. */
function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const step of path) text += typeof step === "number" ? `[${step}]` : `${text === "" ? "" : "."}${String(step)}`;
  return text;
}
