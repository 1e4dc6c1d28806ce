import { wholeMatch } from "./regex-grammar.ts";
import type { Regex } from "./regex-tree.ts";

const DAY_31 = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])";
const DAY_30 = "(0[469]|11)-(0[1-9]|[12][0-9]|30)";
const DAY_28 = "02-(0[1-9]|1[0-9]|2[0-8])";
/** Those of centuries left out. */
const LEAP_DAY = "[0-9]{2}(0[48]|[2468][048]|[13579][26])-02-29";
const DATE = `([0-9]{4}-(${DAY_31}|${DAY_30}|${DAY_28})|${LEAP_DAY})`;
const TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])";
/** No two dashes in a row, which some validators refuse. */
const LABEL = "[a-z0-9]{1,20}(-[a-z0-9]{1,20}){0,2}";
const HOSTNAME = `${LABEL}(\\.${LABEL}){0,3}`;
const DOMAIN = `${LABEL}(\\.${LABEL}){0,2}\\.[a-z]{2,10}`;
const ATOM = "[A-Za-z0-9_+-]{1,20}";
const OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const HEXTET = "[0-9a-f]{1,4}";
const PATH_CHARACTER = "([A-Za-z0-9._~!$&()*+,;=:@-]|%[0-9A-F]{2})";
const QUERY = `(\\?${PATH_CHARACTER}*)?(#${PATH_CHARACTER}*)?`;
const REST = `(/${PATH_CHARACTER}*)*${QUERY}`;
const URI = `https?://${DOMAIN}(:[1-9][0-9]{1,3})?((/${PATH_CHARACTER}*)+${QUERY})?`;
const POINTER = "(/([A-Za-z0-9_.-]|~[01])*)*";
const UNITS = "[0-9]{1,6}";
const CLOCK = `T(${UNITS}H(${UNITS}M)?(${UNITS}S)?|${UNITS}M(${UNITS}S)?|${UNITS}S)`;

/** The common forms of each format that is known, all of which validators accept. Other formats are annotations. */
const PATTERNS: Readonly<Record<string, string>> = {
  date: DATE,
  time: TIME,
  "date-time": `${DATE}T${TIME}`,
  "iso-time": TIME,
  "iso-date-time": `${DATE}T${TIME}`,
  duration: `P(${UNITS}W|(${UNITS}Y(${UNITS}M)?(${UNITS}D)?|${UNITS}M(${UNITS}D)?|${UNITS}D)(${CLOCK})?|${CLOCK})`,
  uuid: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
  email: `${ATOM}(\\.${ATOM}){0,2}@${DOMAIN}`,
  "idn-email": `${ATOM}(\\.${ATOM}){0,2}@${DOMAIN}`,
  ipv4: `${OCTET}(\\.${OCTET}){3}`,
  ipv6: `((${HEXTET}:){7}${HEXTET}|(${HEXTET}:){1,6}:${HEXTET}|::${HEXTET}|::)`,
  hostname: HOSTNAME,
  "idn-hostname": HOSTNAME,
  uri: URI,
  url: URI,
  iri: URI,
  "uri-reference": `(${URI}|${REST})`,
  "iri-reference": `(${URI}|${REST})`,
  "uri-template": URI,
  "json-pointer": POINTER,
  "json-pointer-uri-fragment": "#(/[A-Za-z0-9_.-]*)*",
  "relative-json-pointer": `(0|[1-9][0-9]{0,3})(#|${POINTER})`,
  byte: "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
  regex: "[A-Za-z0-9 _-]*",
};

const PARSED = new Map<string, Regex>();

/** What a grammar writes for a format of strings; undefined for one that is not known. */
export function stringFormat(format: string): Regex | undefined {
  const pattern = Object.hasOwn(PATTERNS, format) ? PATTERNS[format] : undefined;
  if (pattern === undefined) return undefined;
  const regex = PARSED.get(format) ?? wholeMatch(pattern);
  PARSED.set(format, regex);
  return regex;
}

export const STRING_FORMATS: readonly string[] = Object.keys(PATTERNS);
