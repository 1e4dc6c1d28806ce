import { z } from "zod";
import { nearestName } from "./nearest-name.ts";
import { CLIENT_VARIABLES, PLACES, SETTING_PATHS, SETTINGS, type SettingPath, type SettingValues } from "./settings.ts";
import { parseSettingsFile } from "./settings-file.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ReadSettings {
  readonly values: SettingValues;
  /** Where each value comes from, in words: a variable, a line of the file, or the default. */
  readonly sources: Readonly<Record<SettingPath, string>>;
}

interface Given {
  readonly value: unknown;
  readonly source: string;
}

const OUR_PREFIX = "BONFIRE_";

const schema = z.object(Object.fromEntries(SETTING_PATHS.map((path) => [path, SETTINGS[path].schema])));

/**
 * Puts the settings together: a variable wins over the file, the file over the default. An empty variable counts as unset.
 * @returns the values, or every fault in one list, each with its place and what would be right; no value of a secret is ever quoted.
 */
export function readSettings(
  environment: Environment,
  file: { readonly name: string; readonly text: string } | undefined,
): ReadSettings | { readonly faults: readonly string[] } {
  const given = new Map<SettingPath, Given>();
  const faults = [...unknownVariables(environment)];

  if (file !== undefined) {
    const parsed = parseSettingsFile(file.text);
    faults.push(...parsed.faults.map((fault) => `${file.name} ${fault}`));
    for (const [path, { value, line }] of parsed.values) {
      const source = `${file.name}:${line}`;
      if (isSettingPath(path)) given.set(path, { value, source });
      else faults.push(`${path} (${source}): there is no such setting${suggestion(path, SETTING_PATHS)}`);
    }
  }
  for (const path of SETTING_PATHS) {
    const { env } = SETTINGS[path];
    const variable = environment[env];
    if (variable !== undefined && variable !== "") given.set(path, { value: fromText(SETTINGS[path].type, variable), source: env });
  }

  const parsed = schema.safeParse(Object.fromEntries([...given].map(([path, { value }]) => [path, value])));
  for (const issue of parsed.error?.issues ?? []) {
    const path = String(issue.path[0]);
    const source = isSettingPath(path) ? given.get(path)?.source : undefined;
    faults.push(`${nameOf(path, source)}: expected ${issue.message}`);
  }
  if (!parsed.success || faults.length > 0) return { faults };
  const sources = Object.fromEntries(SETTING_PATHS.map((path) => [path, given.get(path)?.source ?? "default"]));
  // The border: the schema was made from the table that the types are made from.
  return { values: parsed.data as SettingValues, sources: sources as ReadSettings["sources"] };
}

function nameOf(path: string, source: string | undefined): string {
  return source === undefined || !source.includes(":") ? (source ?? path) : `${path} (${source})`;
}

function isSettingPath(path: string): path is SettingPath {
  return Object.hasOwn(SETTINGS, path);
}

/** Text that is no number or flag is left as it is, for the schema to refuse. */
function fromText(type: "text" | "number" | "boolean" | "list", text: string): unknown {
  switch (type) {
    case "text":
      return text;
    case "number":
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case "boolean":
      return /^(true|1|yes|on)$/i.test(text) ? true : /^(false|0|no|off)$/i.test(text) ? false : text;
    case "list":
      return text === "none"
        ? []
        : text
            .split(",")
            .map((entry) => entry.trim())
            .filter((entry) => entry !== "");
  }
}

/** Only what looks like a typing error: Kubernetes puts BONFIRE_SERVICE_HOST and its like into pods that run beside a service of our name. */
function* unknownVariables(environment: Environment): Generator<string> {
  const known = [...SETTING_PATHS.map((path) => SETTINGS[path].env), ...Object.keys(PLACES), ...CLIENT_VARIABLES];
  const ours = known.filter((name) => name.startsWith(OUR_PREFIX)).map((name) => name.slice(OUR_PREFIX.length));
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(OUR_PREFIX) || known.includes(name) || value === undefined || value === "") continue;
    const meant = nearestName(name.slice(OUR_PREFIX.length), ours);
    if (meant !== undefined) yield `${name}: there is no such setting; did you mean ${OUR_PREFIX}${meant}?`;
  }
}

function suggestion(written: string, known: readonly string[]): string {
  const meant = nearestName(written, known);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}
