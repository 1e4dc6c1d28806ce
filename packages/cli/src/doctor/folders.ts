import { access, constants, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasCode } from "@bonfire/platform/processes/error-code";
import { type Finding, failed } from "./check.ts";
import type { Machine } from "./machine.ts";
import { asRoot, quote } from "./shell.ts";

const OWNER_WRITES = 0o300;

/** What keeps this user from writing below a folder, which may still have to be made; undefined where nothing does. */
export async function writingFault(folder: string, machine: Machine): Promise<Finding | undefined> {
  const existing = await nearestExisting(folder);
  const found = await stat(existing);
  if (!found.isDirectory()) {
    return failed(`${existing} is no folder`, {
      why: "Moves it away; the folder is made at the next start.",
      command: `mv ${quote(existing)} ${quote(`${existing}.moved`)}`,
    });
  }
  // Root may write everywhere; what is meant to be writable for its owner is so for the bits as well.
  if (found.uid === machine.uid && (found.mode & OWNER_WRITES) !== OWNER_WRITES) {
    return failed(`${existing} may not be written by its owner`, {
      why: "Lets its owner write there.",
      command: `chmod u+rwx ${quote(existing)}`,
    });
  }
  try {
    await access(existing, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    if (!hasCode(error, "EACCES")) throw error;
    const makeIt = `mkdir -p ${quote(folder)} && ${asRoot(machine, `chown -R ${machine.uid} ${quote(folder)}`)}`;
    return failed(`${existing} belongs to user ${found.uid} and may not be written by user ${machine.uid}`, {
      why: "Gives the folder, and what is in it, to this user.",
      command: existing === folder ? asRoot(machine, `chown -R ${machine.uid} ${quote(folder)}`) : asRoot(machine, makeIt),
    });
  }
}

/** The folder itself, or the nearest one above it that is there. */
export async function nearestExisting(folder: string): Promise<string> {
  for (let candidate = folder; ; candidate = dirname(candidate)) {
    try {
      await stat(candidate);
      return candidate;
    } catch (error) {
      if (!hasCode(error, "ENOENT", "ENOTDIR") || candidate === dirname(candidate)) throw error;
    }
  }
}

/** Bytes that can be written below a folder, which may still have to be made. */
export async function freeBytesAt(folder: string, machine: Machine): Promise<number> {
  return machine.freeDiskBytes(await nearestExisting(folder));
}

/** A folder of this user's on a disk with so much room; undefined where no place has it. */
export async function folderWithRoom(neededBytes: number, machine: Machine): Promise<string | undefined> {
  for (const place of machine.storagePlaces) {
    const folder = join(place, "bonfire");
    const [fault, free] = await Promise.all([writingFault(folder, machine), freeBytesAt(folder, machine)]);
    if (fault === undefined && free >= neededBytes) return folder;
  }
  return undefined;
}
