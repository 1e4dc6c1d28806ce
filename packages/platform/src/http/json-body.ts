import { ApiError } from "@bonfire/protocol/errors";

/** @throws ApiError that says where the JSON breaks. */
export function parseJsonBody(text: string, contentType: string | undefined): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // curl's default content type comes with bodies that are JSON all the same; only where they are not does the type matter.
    if (contentType !== undefined && !contentType.includes("json")) {
      throw new ApiError("unsupported_media_type", "Send the body as JSON, with the header `content-type: application/json`.", { cause });
    }
    const reason = cause instanceof Error ? cause.message : "unknown reason";
    // V8 quotes the text around the fault, which may be part of a prompt or a secret: only the position is passed on.
    const position = /position (\d+)/.exec(reason)?.[1];
    const where = text === "" ? "it is empty" : position === undefined ? "it ends too early" : `it breaks at ${linePosition(text, Number(position))}`;
    throw new ApiError("invalid_json", `The request body is not valid JSON: ${where}.`, { cause });
  }
}

function linePosition(text: string, position: number): string {
  const before = text.slice(0, position);
  const line = before.split("\n").length;
  return `line ${line}, column ${position - before.lastIndexOf("\n")}`;
}
