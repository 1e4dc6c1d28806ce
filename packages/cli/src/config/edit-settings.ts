import { text as textOf } from "node:stream/consumers";
import { nearestName } from "@bonfire/platform/settings/nearest-name";
import { readSettings } from "@bonfire/platform/settings/read-settings";
import { SETTING_PATHS, SETTINGS, type SettingPath } from "@bonfire/platform/settings/settings";
import { CliError, EXIT } from "../exit.ts";
import { BONFIRE } from "../program-name.ts";
import { print, remark } from "../terminal-text.ts";
import { SettingsDocument } from "./settings-document.ts";
import { readSettingsText, settingsPath, writeSettingsText } from "./settings-file.ts";

/** What a file is called in what is said about its lines. */
const NAME = "bonfire.yaml";

export async function setSetting(path: string, value: string): Promise<void> {
  const setting = settingOf(path);
  if (setting === undefined) throw new CliError(`There is no setting ${path}${suggestion(path)}`, EXIT.usage);
  const text = value === "-" ? (await textOf(process.stdin)).trim() : value;
  await edit((document) => {
    document.set(path, fileValue(setting, text));
    return true;
  });
  remark(`${path} is written. It counts from the next start of the platform.`);
  const { env } = SETTINGS[setting];
  if (process.env[env]) remark(`${env} is set here as well, and wins over the file.`);
}

export async function unsetSetting(path: string): Promise<void> {
  const wasThere = await edit((document) => {
    const found = document.has(path);
    // One that is misspelled in the file can be taken out by the same name.
    if (!found && settingOf(path) === undefined) throw new CliError(`There is no setting ${path}${suggestion(path)}`, EXIT.usage);
    document.unset(path);
    return found;
  });
  remark(wasThere ? `${path} is removed. Its default counts from the next start of the platform.` : `${path} is not in the file.`);
}

export function printSettingsPath(): void {
  print(settingsPath());
}

/**
 * Changes the file where that leaves it without faults, or at least with fewer than it had.
 * @param change says whether it changed anything; the file is not touched otherwise
 */
async function edit(change: (document: SettingsDocument) => boolean): Promise<boolean> {
  const path = settingsPath();
  const before = await readSettingsText(path);
  const document = parse(path, before);
  if (!change(document)) return false;
  const after = document.toString();
  const faults = faultsOf(after);
  const list = faults.map((fault) => `  ${fault}`).join("\n");
  if (faults.length > 0 && faults.length >= faultsOf(before).length) {
    throw new CliError(`Nothing is written, since ${path} would not be usable:\n${list}`, EXIT.usage);
  }
  await writeSettingsText(path, after);
  if (faults.length > 0) remark(`The file still holds what cannot be used:\n${list}`);
  return true;
}

function parse(path: string, text: string): SettingsDocument {
  try {
    return new SettingsDocument(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(`${path} cannot be read as YAML; mend it by hand first: ${reason}`, EXIT.failed, error);
  }
}

function faultsOf(text: string): readonly string[] {
  const read = readSettings({}, { name: NAME, text });
  return "faults" in read ? read.faults : [];
}

function settingOf(path: string): SettingPath | undefined {
  return SETTING_PATHS.find((known) => known === path);
}

/** The text as its variable would be read; what cannot be read so is left for the check of the file to refuse. */
function fileValue(path: SettingPath, text: string): unknown {
  const { env, type } = SETTINGS[path];
  if (type === "text") return text;
  const read = readSettings({ [env]: text }, undefined);
  return "faults" in read ? text : read.values[path];
}

function suggestion(path: string): string {
  const meant = nearestName(path, SETTING_PATHS);
  return meant === undefined ? `. All of them: ${BONFIRE} config print` : `; did you mean ${meant}?`;
}
