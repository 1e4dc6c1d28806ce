import { PLACES, SETTING_PATHS, SETTINGS, type SettingPath } from "@bonfire/platform/settings/settings";
import { readConfig } from "../home.ts";
import { paintFor, print, printJson, table } from "../terminal-text.ts";
import { settingsPath } from "./settings-file.ts";

/** A setting as it is shown. */
interface ShownSetting {
  readonly path: SettingPath;
  /** Milliseconds, bytes, or what is written; null where there is none; `(set)` for a secret. */
  readonly value: unknown;
  /** A variable, a line of the file, or `default`. */
  readonly source: string;
  readonly env: string;
  readonly about: string;
}

export function printSettings(options: { readonly long?: boolean; readonly json?: boolean }): void {
  const { home, settings } = readConfig();
  const shown = SETTING_PATHS.map((path) => show(path, settings.values[path], settings.sources[path]));
  const file = { path: settingsPath(), exists: settings.file !== undefined };
  if (options.json === true) printJson({ home, settings_file: file, settings: shown });
  else printForPerson({ home, file, shown, long: options.long === true });
}

interface Page {
  readonly home: string;
  readonly file: { readonly path: string; readonly exists: boolean };
  readonly shown: readonly ShownSetting[];
  readonly long: boolean;
}

function printForPerson({ home, file, shown, long }: Page): void {
  const paint = paintFor(process.stdout);
  print(`Home       ${home} (${process.env.BONFIRE_HOME ? "BONFIRE_HOME" : "default"})`);
  print(`Settings   ${file.path}${file.exists ? "" : " (not there)"}\n`);
  const row = ({ path, value, source }: ShownSetting) => [path, inWords(path, value), source === "default" ? paint("dim", source) : source];
  if (!long) print(table([["SETTING", "VALUE", "FROM"], ...shown.map(row)]));
  else {
    print(shown.map((setting) => `${table([row(setting)])}\n  ${setting.env}: ${setting.about}\n`).join("\n"));
    for (const [env, about] of Object.entries(PLACES)) print(`${env}\n  ${about}\n`);
  }
}

function show(path: SettingPath, value: unknown, source: string): ShownSetting {
  const { env, about } = SETTINGS[path];
  return { path, value: value === undefined ? null : isSecret(path) ? "(set)" : withoutPasswords(value), source, env, about };
}

function isSecret(path: SettingPath): boolean {
  const setting = SETTINGS[path];
  return "secret" in setting && setting.secret === true;
}

/** A URL may carry a password before its host. */
function withoutPasswords(value: unknown): unknown {
  return typeof value === "string" ? value.replace(/(?<=:\/\/)[^/@]+@/, "(set)@") : value;
}

function inWords(path: SettingPath, value: unknown): string {
  if (value === null) return "–";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  if (typeof value === "number" && SETTINGS[path].type === "text") return amountOf(path, value);
  return String(value);
}

const DURATIONS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
const SIZES = { GiB: 2 ** 30, GB: 1e9, MiB: 2 ** 20, MB: 1e6, B: 1 };

/** A setting that is written as text but read as a number is an amount: told with the largest unit that needs no fraction, as it may be written. */
function amountOf(path: SettingPath, value: number): string {
  const units = Object.entries(SETTINGS[path].schema.safeParse("1s").success ? DURATIONS : SIZES);
  const [unit, size] = units.find(([, size]) => value !== 0 && value % size === 0) ?? units.at(-1) ?? ["", 1];
  return `${value / size}${unit}`;
}
