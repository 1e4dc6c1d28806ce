import { readFile, realpath } from "node:fs/promises";
import { settingsFilePath } from "@bonfire/platform/config";
import { hasCode } from "@bonfire/platform/processes/error-code";
import { replacePrivateFile } from "@bonfire/platform/processes/private-file";
import { CliError } from "../exit.ts";
import { homeFolder } from "../home.ts";

/** Where the platform of this home looks for its settings; it need not be there. */
export function settingsPath(): string {
  return settingsFilePath(process.env, homeFolder());
}

/** @returns the text; empty where there is no file. @throws CliError */
export async function readSettingsText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return "";
    throw new CliError(
      `The settings file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      undefined,
      error,
    );
  }
}

/** Replaces the file at once or not at all. It may hold secrets: only its owner may read it. @throws CliError */
export async function writeSettingsText(path: string, text: string): Promise<void> {
  // What a link points to is replaced, not the link.
  const target = await realpath(path).catch(() => path);
  try {
    await replacePrivateFile(target, text);
  } catch (error) {
    throw new CliError(
      `The settings file ${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      undefined,
      error,
    );
  }
}
