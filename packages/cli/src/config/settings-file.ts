import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, realpath, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { settingsFilePath } from "@bonfire/platform/config";
import { hasCode } from "@bonfire/platform/processes/error-code";
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
  const unfinished = `${target}.${randomUUID()}`;
  try {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const file = await open(unfinished, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw new CliError(
      `The settings file ${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      undefined,
      error,
    );
  }
}
