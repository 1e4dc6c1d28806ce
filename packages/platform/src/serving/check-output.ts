import { ApiError } from "@bonfire/protocol/errors";
import type { GenerateEvent, GenerateRequest, JsonSchema, OutputFormat } from "../engine/generation.ts";
import { type JsonValidator, jsonValidator, UnusableSchemaError } from "../json-schemas/json-validator.ts";

/** @throws ApiError that names the format's field where an answer could not be held to it. */
export function requireUsableFormats(requests: readonly Pick<GenerateRequest, "format">[]): void {
  for (const { format } of requests) if (format !== undefined) withSchema(format, jsonValidator);
}

/**
 * Holds an answer to the format that was asked for: one that ends with `stop` is valid, or the generation fails at its end with
 * `invalid_model_output`. An answer that was cut off stays what it is, with `length`. Whoever enforces the format, it is looked at here once more.
 */
export function checkOutput(
  { format }: Pick<GenerateRequest, "format">,
  events: AsyncIterable<GenerateEvent>,
): AsyncIterable<GenerateEvent> {
  if (format === undefined) return events;
  const validate = withSchema(format, jsonValidator);
  return validate === undefined ? events : checked(events, (text) => withSchema(format, () => validate(text)));
}

/** @throws ApiError that names the format's field */
function withSchema<Value>(format: OutputFormat, use: (schema: JsonSchema) => Value): Value | undefined {
  const schema = schemaOf(format);
  try {
    return schema && use(schema);
  } catch (cause) {
    if (!(cause instanceof UnusableSchemaError)) throw cause;
    throw new ApiError("invalid_value", `Invalid schema at '${format.param}': ${cause.message}.`, { param: format.param, cause });
  }
}

function schemaOf(format: OutputFormat): JsonSchema | undefined {
  if (format.kind === "json-schema") return format.schema;
  return format.kind === "json-object" ? { type: "object" } : undefined;
}

async function* checked(events: AsyncIterable<GenerateEvent>, validate: JsonValidator): AsyncGenerator<GenerateEvent> {
  const texts = new Map<number, string>();
  for await (const event of events) {
    if (event.type === "text-delta") texts.set(event.choice, (texts.get(event.choice) ?? "") + event.text);
    else if (event.type === "choice-end" && event.reason === "stop") {
      const problem = validate(texts.get(event.choice) ?? "");
      if (problem !== undefined) {
        throw new ApiError("invalid_model_output", `The model's answer does not keep to the format that was asked for: ${problem}.`);
      }
    }
    yield event;
  }
}
