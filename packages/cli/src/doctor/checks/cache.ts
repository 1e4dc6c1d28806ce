import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Check, type Finding, failed, ok } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { folderWithRoom, freeBytesAt, writingFault } from "../folders.ts";
import { bytesToFetch } from "../needed-models.ts";
import { gigabytes } from "../quantities.ts";
import { quote, setSetting } from "../shell.ts";

export const caches: readonly Check<DoctorContext>[] = [
  { name: "cache", question: "Can models and engines be stored?", run: checkCache },
  { name: "cache disk", question: "Is there room for what must still be fetched?", needs: ["cache"], run: checkDisk },
  { name: "download locks", question: "Can every lock of a download be read?", needs: ["cache"], run: checkLocks },
];

/** What downloads need beside the files themselves. */
const SPARE_BYTES = 200e6;

async function checkCache({ config, machine }: DoctorContext): Promise<Finding> {
  const { cache } = config;
  for (const folder of [cache, join(cache, "models"), join(cache, "python")]) {
    const fault = await writingFault(folder, machine);
    if (fault !== undefined) return fault;
  }
  return ok(cache);
}

async function checkDisk(context: DoctorContext): Promise<Finding> {
  const { config, machine } = context;
  const needed = (await bytesToFetch(context)) + SPARE_BYTES;
  const free = await freeBytesAt(config.cache, machine);
  if (free >= needed) return ok(`${gigabytes(free)} free, ${gigabytes(needed)} needed`);
  const found = `the disk of ${config.cache} has ${gigabytes(free)} free, ${gigabytes(needed)} are needed`;
  const elsewhere = await folderWithRoom(needed, machine);
  if (elsewhere === undefined) return failed(`${found}; free some space on it`);
  return failed(found, {
    why: "Keeps downloads on a disk with room; or free some space on this one.",
    command: setSetting(config.settings.sources, "cache", join(elsewhere, "cache")),
  });
}

const lockOwner = z.object({ pid: z.int(), host: z.string() });

/** Locks of processes that have ended are taken over; one that cannot be read keeps everybody out. */
async function checkLocks({ config }: DoctorContext): Promise<Finding> {
  const locks = [...(await locksIn(join(config.cache, "models"))), ...(await locksIn(join(config.cache, "python")))];
  const broken: string[] = [];
  for (const lock of locks) if (!(await isReadable(lock))) broken.push(lock);
  if (broken.length > 0) {
    return failed(`${broken.join(", ")} cannot be read: a download waits for ever`, {
      why: "Removes what no running download holds.",
      command: `rm -rf ${broken.map(quote).join(" ")}`,
    });
  }
  return ok(locks.length === 0 ? "there is none" : `${locks.length} can be read`);
}

async function locksIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith(".lock")).map((name) => join(folder, name));
}

async function isReadable(lock: string): Promise<boolean> {
  try {
    if (!(await stat(lock)).isDirectory()) return false;
    const [name] = await readdir(lock);
    if (name === undefined) return true;
    lockOwner.parse(JSON.parse(await readFile(join(lock, name), "utf8")));
    return true;
  } catch {
    // Given back at this moment.
    return !(await stat(lock).then(
      () => true,
      () => false,
    ));
  }
}
