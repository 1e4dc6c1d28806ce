// One set-up at a time per clone. The lock is a folder `.setup/lock` that holds a file per process which works under it: the set-up itself and
// the npm or tsc it started, so that an orphaned `npm ci` of a killed set-up still counts. When none of them lives, the next one takes it over.
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isWriterAlive } from "./live-process.mjs";

const POLL_MS = 100;

/**
 * Resolves once the lock is ours. `onWait(pid)` is called at most once, when somebody else has it.
 * @returns `{ addProcess(pid), release() }`
 */
export async function acquireCloneLock(clone, { onWait = () => {}, signal } = {}) {
  const folder = path.join(clone, ".setup", "lock");
  let told = false;
  while (!tryAcquire(folder)) {
    const holders = holdersOf(folder);
    const alive = holders.find((holder) => holder.isAlive);
    if (alive === undefined) {
      clearDead(folder, holders);
      continue;
    }
    if (!told) onWait(alive.pid);
    told = true;
    await sleep(POLL_MS, undefined, { signal });
  }
  return {
    addProcess: (pid) => addHolder(folder, pid),
    release: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

/** Prepared aside and renamed into place: the lock never exists without its owner's pid in it. */
function tryAcquire(folder) {
  const draft = `${folder}.${randomUUID()}`;
  fs.mkdirSync(draft, { recursive: true });
  addHolder(draft, process.pid);
  try {
    fs.renameSync(draft, folder);
    return true;
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true });
    if (["ENOTEMPTY", "EEXIST", "EPERM"].includes(error.code)) return false;
    throw error;
  }
}

/** The name is unique, so that whoever clears a dead lock cannot hit the file of a new owner with the same pid. */
function addHolder(folder, pid) {
  fs.writeFileSync(path.join(folder, `${pid}.${randomUUID()}`), "");
}

function holdersOf(folder) {
  return ignoreMissing(() => fs.readdirSync(folder), []).map((name) => {
    const file = path.join(folder, name);
    const pid = Number.parseInt(name, 10);
    return { pid, file, isAlive: isWriterAlive(pid, file) };
  });
}

/** Two waiters may do this at once, and the lock may be somebody's again already: only what was seen dead goes, and the folder only when empty. */
function clearDead(folder, holders) {
  for (const { file } of holders) fs.rmSync(file, { force: true });
  try {
    fs.rmdirSync(folder);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(error.code)) throw error;
  }
}

function ignoreMissing(read, otherwise) {
  try {
    return read();
  } catch (error) {
    if (error.code === "ENOENT") return otherwise;
    throw error;
  }
}
