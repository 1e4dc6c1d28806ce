import type { OutputFormat } from "../../engine/generation.ts";

/** OpenAI requires a name; what it is makes no difference. */
const UNNAMED = "answer";

/** `response_format` as OpenAI has it, and for the two forms that it lacks as Together (`regex`) and Fireworks (`grammar`) do. */
export function writeResponseFormat(format: OutputFormat): Record<string, unknown> {
  switch (format.kind) {
    case "json-object":
      return { type: "json_object" };
    case "json-schema": {
      const { name = UNNAMED, description, schema, strict } = format;
      return { type: "json_schema", json_schema: { name, ...(description === undefined ? {} : { description }), schema, strict } };
    }
    case "regex":
      return { type: "regex", pattern: format.pattern };
    case "grammar":
      return { type: "grammar", grammar: format.gbnf };
  }
}
