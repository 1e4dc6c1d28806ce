/** A JSON Schema that is invalid, contradicts itself, or is too large. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";

  constructor(
    message: string,
    /** Where in the schema, in dotted spelling: `properties.age.minimum`; empty for the schema itself. */
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A pattern that is no regular expression, or has a construct that no grammar can express. */
export class RegexError extends Error {
  override readonly name = "RegexError";

  constructor(
    message: string,
    /** In the pattern, in code points. */
    readonly offset: number,
  ) {
    super(message);
  }
}

/** More rules or text than an engine should be asked to parse. */
export class GrammarTooLargeError extends Error {
  override readonly name = "GrammarTooLargeError";
}
