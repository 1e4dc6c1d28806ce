/** Stands where a secret stood. */
const REDACTED = "[redacted]";

const FIELD_NAMES =
  "(?:proxy-)?authorization|(?:set-)?cookie|(?:x-)?api[-_]?key|x-goog-api-key|passw(?:or)?d|secret|(?:access|refresh|auth)?[-_]?token|database_?url";
/** Fields that hold a secret whatever their value looks like. */
const SECRET_FIELD = new RegExp(`("(?:${FIELD_NAMES})":\\[?")(?:[^"\\\\]|\\\\.)+`, "gi");
/** The same in JSON that stands in a string, where quotes are escaped. */
const NESTED_SECRET_FIELD = new RegExp(`((\\\\+)"(?:${FIELD_NAMES})\\2":\\s*\\[?\\s*\\2").+?(?=(?<!\\\\)\\2")`, "gi");
/** The password of a URL. */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@"\\]{0,256}:)[^\s/"\\]{1,1024}@/gi;
/** What a request sends to prove who it is; words of a sentence have no digits. */
const CREDENTIALS = /\b(bearer|basic)(\s+)(?=[a-z._~+/-]*[0-9=])[a-z0-9._~+/=-]{8,}/gi;
/** Bonfire's own keys, Hugging Face's tokens, and keys of the services that upstreams belong to. */
const KEY_SHAPES = /\b(?:bf-|hf_|sk-|sk_|fw_|gsk_|tgp_v1_|AIza)[A-Za-z0-9_-]{16,}/g;

/** One look at a line tells whether it is worth more: nearly none is. */
const SUSPICION =
  /authorization|cookie|api[-_]?key|passw|secret|token\\*"|database_?url|:\/\/[^\s/:@"\\]*:|bearer|basic|(?:bf-|hf_|sk-|sk_|fw_|gsk_|tgp_v1_|AIza)[A-Za-z0-9_-]{16}/i;

/** Known values that are shorter would also hit what is no secret; they are left to the shapes. */
const SHORTEST_KNOWN = 8;

/** @returns what takes secrets out of a line of JSON: the values given here, and whatever has the name or the shape of one. */
export function createRedactor(secrets: readonly string[]): (line: string) => string {
  const known = knownValues(secrets);
  return (line) => {
    const withoutKnown = known === undefined ? line : line.replace(known, REDACTED);
    if (!SUSPICION.test(withoutKnown)) return withoutKnown;
    return withoutKnown
      .replace(SECRET_FIELD, `$1${REDACTED}`)
      .replace(NESTED_SECRET_FIELD, `$1${REDACTED}`)
      .replace(URL_PASSWORD, `$1${REDACTED}@`)
      .replace(CREDENTIALS, `$1$2${REDACTED}`)
      .replace(KEY_SHAPES, REDACTED);
  };
}

function knownValues(secrets: readonly string[]): RegExp | undefined {
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST_KNOWN)
    // As it stands in JSON, in JSON within JSON, and in a URL.
    .flatMap((secret) => [inJson(secret), inJson(inJson(secret)), encodeURIComponent(secret)]);
  if (forms.length === 0) return undefined;
  // The longest first: a secret may begin another one.
  const alternatives = [...new Set(forms)].sort((a, b) => b.length - a.length).map(escapeForRegExp);
  return new RegExp(alternatives.join("|"), "g");
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
