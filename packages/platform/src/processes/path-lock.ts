import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { hasCode } from "./error-code.ts";

const owner = z.object({ pid: z.int().positive(), host: z.string(), process: z.string() });
type Owner = z.infer<typeof owner>;

interface LockOptions {
  readonly signal?: AbortSignal;
  /** Called once when somebody else holds the lock. */
  readonly onWait?: (holder: string) => void;
}

/** Tells a lock of this process from one that an earlier process with the same pid left: in a container the pid is often the same. */
const THIS_PROCESS = randomUUID();
const POLL_MS = 100;
/** The holder touches its file this often; a lock on a shared disk whose file is older than the limit has lost its machine. */
const HEARTBEAT_MS = 5_000;
const SILENT_HOLDER_MS = 60_000;

/**
 * Runs `work` while nobody else, in this process or another, holds the lock folder `path`. Locks of dead processes are taken over.
 * @throws the signal's reason while waiting, and what `work` throws.
 */
export async function withPathLock<T>(path: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const ownerFile = await acquire(path, options);
  const heartbeat = setInterval(() => {
    const now = new Date();
    // A lock folder that somebody removed by hand is no reason to fail: the work ends soon.
    utimes(ownerFile, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await remove(path, ownerFile);
  }
}

/**
 * The folder comes into being with its owner's file inside, by a rename that fails where a folder with a file stands. A stale lock is
 * removed by the unique name of its owner's file first, so two processes that find it stale cannot remove each other's new lock.
 */
async function acquire(path: string, { signal, onWait }: LockOptions): Promise<string> {
  const id = randomUUID();
  const candidate = `${path}.${id}`;
  await mkdir(dirname(path), { recursive: true });
  await mkdir(candidate);
  try {
    const self: Owner = { pid: process.pid, host: hostname(), process: THIS_PROCESS };
    await writeFile(join(candidate, id), JSON.stringify(self));
    for (let waited = false; ; ) {
      signal?.throwIfAborted();
      // Fresh at the moment when it becomes the lock, however long the wait was.
      await utimes(join(candidate, id), new Date(), new Date());
      if (await takes(candidate, path)) return join(path, id);
      const holder = await currentHolder(path);
      if (holder === undefined) continue;
      if (holder.stale) {
        await remove(path, holder.file);
        continue;
      }
      if (!waited) onWait?.(`process ${holder.owner.pid} on ${holder.owner.host}`);
      waited = true;
      await delay(POLL_MS, undefined, signal === undefined ? {} : { signal });
    }
  } catch (error) {
    await rm(candidate, { recursive: true, force: true });
    throw signal?.aborted ? signal.reason : error;
  }
}

async function takes(candidate: string, path: string): Promise<boolean> {
  try {
    await rename(candidate, path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOTEMPTY", "EEXIST")) return false;
    throw error;
  }
}

async function currentHolder(path: string): Promise<{ owner: Owner; file: string; stale: boolean } | undefined> {
  try {
    const [name] = await readdir(path);
    if (name === undefined) return undefined;
    const file = join(path, name);
    const found = owner.parse(JSON.parse(await readFile(file, "utf8")));
    const silentMs = Date.now() - (await stat(file)).mtimeMs;
    return { owner: found, file, stale: silentMs > SILENT_HOLDER_MS || (found.host === hostname() && hasEnded(found)) };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw new Error(`The lock ${path} cannot be read; remove that folder if no other Bonfire is running.`, { cause: error });
  }
}

function hasEnded(holder: Owner): boolean {
  if (holder.pid === process.pid) return holder.process !== THIS_PROCESS;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return hasCode(error, "ESRCH");
  }
}

async function remove(path: string, ownerFile: string): Promise<void> {
  try {
    await unlink(ownerFile);
    await rmdir(path);
  } catch (error) {
    // Somebody else was quicker: the lock is gone, or already theirs.
    if (!hasCode(error, "ENOENT", "ENOTEMPTY", "EEXIST")) throw error;
  }
}
