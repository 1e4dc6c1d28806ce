import { ApiError } from "@bonfire/protocol/errors";
import { parseRequest } from "@bonfire/protocol/validation-error";
import type { z } from "zod";

/** Parts of a body that hold secrets, or may by mistake. */
const SECRETIVE: ReadonlySet<PropertyKey> = new Set(["keys", "headers", "query", "base_url"]);

/** As `parseRequest`, for bodies with keys in them: what is wrong with these is told without a word of what was given. */
export function parseWithKeys<Output>(schema: z.ZodType<Output>, body: unknown): Output {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined || issue.code === "unrecognized_keys" || !issue.path.some((step) => SECRETIVE.has(step))) {
    return parseRequest(schema, body);
  }
  const path = issue.path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  const param = path.slice(1);
  const expected = issue.message.includes("expected") ? issue.message : `expected ${issue.message}`;
  throw new ApiError("invalid_value", `Invalid value for '${param}': ${expected}.`, { param });
}
