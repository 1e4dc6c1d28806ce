import { ApiError } from "@bonfire/protocol/errors";
import { type ParseError, parse } from "jsonc-parser";

/** @throws ApiError that says where the JSON breaks. */
export function parseJsonBody(text: string, contentType: string | undefined): unknown {
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
