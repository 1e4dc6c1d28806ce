import { ApiError } from "@bonfire/protocol/errors";
import { type ParseError, parse } from "jsonc-parser";

/**
 * Far beyond any request that means something. What reads and passes on a body recurses over it, and a schema notes every value that is
 * wrong: without bounds one body could overflow the stack, or hold the event loop for a minute and fill the memory.
 */
const MOST_DEPTH = 500;
const MOST_VALUES = 500_000;

/** @throws ApiError that says where the JSON breaks, or that there is too much of it. */
export function parseJsonBody(text: string, contentType: string | undefined): unknown {
  const body = parseText(text, contentType);
  const values = countValues(body, 0);
  if (values > MOST_VALUES) {
    throw new ApiError("request_too_large", `The request body holds more than ${MOST_VALUES} JSON values, keys not counted.`);
  }
  return body;
}

/** Stops counting soon after the bound. @throws ApiError where they are nested too deeply. */
function countValues(value: unknown, depth: number): number {
  if (typeof value !== "object" || value === null) return 1;
  if (depth >= MOST_DEPTH) throw new ApiError("invalid_value", `The request body is nested more than ${MOST_DEPTH} levels deep.`);
  let count = 1;
  for (const child of Array.isArray(value) ? value : Object.values(value)) {
    count += countValues(child, depth + 1);
    if (count > MOST_VALUES) break;
  }
  return count;
}

function parseText(text: string, contentType: string | undefined): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // curl's default content type comes with bodies that are JSON all the same; only where they are not does the type matter.
    if (contentType !== undefined && !contentType.includes("json")) {
      throw notJson();
    }
    // V8 quotes the text around the fault, which may be part of a prompt or a secret: only the place is passed on, and no cause.
    throw new ApiError("invalid_json", `The request body is not valid JSON: ${placeOfFault(text)}.`);
  }
}

export function notJson(): ApiError {
  return new ApiError("unsupported_media_type", "Send the body as JSON, with the header `content-type: application/json`.");
}

function placeOfFault(text: string): string {
  if (text.trim() === "") return "it is empty";
  const faults: ParseError[] = [];
  try {
    parse(text, faults, { disallowComments: true });
  } catch {
    // It is nested too deeply for a recursive parser.
  }
  const [first] = faults;
  if (first === undefined) return "it breaks somewhere";
  return first.offset >= text.length ? "it ends too early" : `it breaks at ${linePosition(text, first.offset)}`;
}

function linePosition(text: string, position: number): string {
  const before = text.slice(0, position);
  const line = before.split("\n").length;
  return `line ${line}, column ${position - before.lastIndexOf("\n")}`;
}
