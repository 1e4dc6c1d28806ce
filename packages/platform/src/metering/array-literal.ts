/** What PostgreSQL reads in another way than as itself between quotes. */
const ESCAPED = /["\\]/g;

/**
 * An array as PostgreSQL reads it (documentation, section 8.15.6), null being NULL. Written here because the driver's own way, made for values of any
 * kind, costs several times as much, for each row of the ledger.
 */
export function arrayLiteral(values: readonly (string | number | boolean | null)[]): string {
  let literal = "{";
  for (const value of values) {
    if (literal.length > 1) literal += ",";
    if (value === null) literal += "NULL";
    else if (typeof value === "string") literal += `"${value.replace(ESCAPED, "\\$&")}"`;
    else literal += String(value);
  }
  return `${literal}}`;
}
