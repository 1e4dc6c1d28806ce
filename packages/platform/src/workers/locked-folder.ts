import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../processes/error-code.ts";
import { withPathLock } from "../processes/path-lock.ts";

export interface LockedFolder {
  readonly path: string;
  release(): Promise<void>;
}

const LOCK = "lock";
/** As many workers as there can be, and those that they replace. */
const MOST_FOLDERS = 1_024;

/** Takes the first of the numbered folders that no living process has; it is made where it is missing. */
export async function takeFreeFolder(root: string): Promise<LockedFolder> {
  for (let number = 1; number <= MOST_FOLDERS; number++) {
    const path = join(root, String(number));
    const release = await tryToLock(path);
    if (release !== undefined) return { path, release };
  }
  throw new Error(`All ${MOST_FOLDERS} folders in ${root} are taken.`);
}

/** Does something with each of the folders that no living process has, one after the other. */
export async function withLeftFolders(root: string, work: (path: string) => Promise<void>): Promise<void> {
  for (const name of await namesIn(root)) {
    const path = join(root, name);
    const release = await tryToLock(path);
    if (release === undefined) continue;
    try {
      await work(path);
    } finally {
      await release();
    }
  }
}

/** Undefined where somebody else has it. */
async function tryToLock(path: string): Promise<(() => Promise<void>) | undefined> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const taken = new AbortController();
  return new Promise((resolve, reject) => {
    const held = withPathLock(
      join(path, LOCK),
      () =>
        new Promise<void>((release) => {
          resolve(async () => {
            release();
            await held;
          });
        }),
      { signal: taken.signal, onWait: () => taken.abort(new Error(`${path} is taken.`)) },
    );
    held.catch((error: unknown) => (taken.signal.aborted ? resolve(undefined) : reject(error)));
  });
}

async function namesIn(root: string): Promise<readonly string[]> {
  try {
    return await readdir(root);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
