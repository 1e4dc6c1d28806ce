import { ApiError } from "@bonfire/protocol/errors";
import type { EndpointRequest } from "./endpoint.ts";

/**
 * The tag that what is to be changed must have (RFC 9110, section 13.1.1), `*` for anything that is there; undefined where the client does not care.
 * Tags are compared as they stand, whether clients keep their quotes or not.
 */
export function expectedTag({ header }: Pick<EndpointRequest, "header">): string | undefined {
  const value = header("if-match")?.trim().replace(/^W\//, "");
  if (value === undefined || value === "*" || value.startsWith('"')) return value;
  return `"${value}"`;
}

/** @param what such as `The route 'gpt-4o'` */
export function tagConflict(what: string): ApiError {
  return new ApiError("conflict", `${what} is not the one that 'if-match' names: it was changed meanwhile, or is gone. Read it again.`, {
    param: "if-match",
  });
}
