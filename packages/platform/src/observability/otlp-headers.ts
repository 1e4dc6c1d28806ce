/**
 * Reads the form of OTEL_EXPORTER_OTLP_HEADERS: `name=value` pairs with commas between, values percent-encoded.
 * @returns undefined when the text has another form, so that the caller can name the setting; it may hold secrets.
 */
export function readOtlpHeaders(text: string): Readonly<Record<string, string>> | undefined {
  const headers: Record<string, string> = {};
  for (const pair of text.split(",").map((part) => part.trim())) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = pair.slice(0, equals).trim().toLowerCase();
    const value = decode(pair.slice(equals + 1).trim());
    if (equals < 1 || !HEADER_NAME.test(name) || value === undefined || !HEADER_VALUE.test(value)) return undefined;
    headers[name] = value;
  }
  return headers;
}

/** RFC 9110, section 5.6.2. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** RFC 9110, section 5.5, without the obsolete bytes. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
