type Schema = Readonly<Record<string, unknown>>;

const closed = (properties: Schema, required: readonly string[] = Object.keys(properties)): Schema => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});

/** Of answers that come to an end by themselves after a few tokens, whatever the model wants to say. */
export const BOUNDED_SCHEMAS: Readonly<Record<string, Schema>> = {
  "a truth value": closed({ on: { type: "boolean" } }),
  "a number within bounds": closed({ age: { type: "integer", minimum: 0, maximum: 120 } }),
  "a decimal within bounds": closed({ share: { type: "number", minimum: 0, maximum: 1, multipleOf: 0.01 } }),
  "a choice": closed({ element: { enum: ["fire", "water", "earth", "air"] } }),
  "a constant": closed({ kind: { const: "bonfire" }, on: { type: "boolean" } }),
  "a short text": closed({ word: { type: "string", maxLength: 8 } }),
  "a pattern": closed({ plate: { type: "string", pattern: "^[A-Z]{2}-[0-9]{2}$" } }),
  "a date": closed({ day: { type: "string", format: "date" } }),
  "a list": closed({ tags: { type: "array", items: { enum: ["a", "b"] }, minItems: 1, maxItems: 3 } }),
  "a tuple": closed({ pair: { type: "array", prefixItems: [{ type: "boolean" }, { enum: [1, 2] }], minItems: 2, items: false } }),
  "an optional property": closed({ on: { type: "boolean" }, level: { enum: [1, 2, 3] } }, ["on"]),
  alternatives: closed({ value: { anyOf: [{ type: "boolean" }, { enum: ["none", "all"] }, { type: "null" }] } }),
  "several types": closed({ value: { type: ["boolean", "null"] } }),
  "an object in an object": closed({ lamp: closed({ on: { type: "boolean" } }) }),
  "a definition": {
    ...closed({ left: { $ref: "#/$defs/side" }, right: { $ref: "#/$defs/side" } }),
    $defs: { side: { enum: ["up", "down"] } },
  },
};
