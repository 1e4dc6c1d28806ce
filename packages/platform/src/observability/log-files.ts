import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../processes/error-code.ts";

export const LOG_FILE_NAME = "bonfire.log";
/** More than are ever kept. */
const MOST_FILES = 100;

/** A log file that is open; renaming it, as rotation does, changes nothing for its reader. */
export interface OpenLogFile {
  readonly handle: FileHandle;
  /** Tells it from others, whatever its name is now. */
  readonly inode: bigint;
}

/**
 * Opens all files of a log, the newest first. Rotation moves files to higher numbers, from the highest down; looking at them upwards may
 * meet one twice, but misses none. The caller closes them.
 */
export async function openLogFiles(directory: string): Promise<OpenLogFile[]> {
  const files: OpenLogFile[] = [];
  let missing = 0;
  for (let number = 0; number < MOST_FILES; number++) {
    const path = join(directory, number === 0 ? LOG_FILE_NAME : `${LOG_FILE_NAME}.${number}`);
    const handle = await open(path, "r").catch((error: unknown) => {
      if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
      throw error;
    });
    missing = handle === undefined ? missing + 1 : 0;
    // In the middle of a rotation one number is free.
    if (missing > 1) break;
    if (handle === undefined) continue;
    const { ino: inode } = await handle.stat({ bigint: true });
    const again = files.findIndex((file) => file.inode === inode);
    if (again >= 0) await closeAll(files.splice(again, 1));
    files.push({ handle, inode });
  }
  return files;
}

export async function closeAll(files: readonly OpenLogFile[]): Promise<void> {
  await Promise.all(files.map(({ handle }) => handle.close()));
}
