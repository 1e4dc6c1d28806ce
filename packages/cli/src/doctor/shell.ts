import type { ReadSettings } from "@bonfire/platform/settings/read-settings";
import { SETTINGS, type SettingPath } from "@bonfire/platform/settings/settings";
import { BONFIRE } from "../program-name.ts";
import type { Machine } from "./machine.ts";

type Sources = ReadSettings["sources"];

/** A word of a POSIX shell, in quotes only where it needs them. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command line of this program, in the form that works in the clone. */
export function bonfire(...words: readonly string[]): string {
  return [BONFIRE, ...words.map(quote)].join(" ");
}

/** Sets a setting where it is set now, because a variable wins over the file. */
export function setSetting(sources: Sources, path: SettingPath, value: string): string {
  const { env } = SETTINGS[path];
  return sources[path] === env ? `export ${env}=${quote(value)}` : bonfire("config", "set", path, value);
}

/** Takes a setting away where it is set now. */
export function unsetSetting(sources: Sources, path: SettingPath): string {
  const { env } = SETTINGS[path];
  return sources[path] === env ? `unset ${env}` : bonfire("config", "unset", path);
}

/** A command that only root may run. */
export function asRoot({ uid }: Pick<Machine, "uid">, command: string): string {
  return uid === 0 ? command : `sudo ${command}`;
}
