import { mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../processes/error-code.ts";
import { PostgresFailure } from "./postgres-failure.ts";
import { giveTo, type PostgresUser, runAs, type UserIds } from "./postgres-user.ts";

/** Superuser of the cluster, and the only user. */
export const POSTGRES_USER = "bonfire";

const UNFINISHED = "data.new-";

export function dataDirectory(directory: string): string {
  return join(directory, "data");
}

/** Whom the cluster belongs to; undefined where there is none yet. */
export async function clusterOwner(directory: string): Promise<UserIds | undefined> {
  try {
    const { uid, gid } = await stat(join(dataDirectory(directory), "PG_VERSION"));
    return { uid, gid };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Makes the cluster under another name first: what is called `data` is complete. */
export async function createCluster(directory: string, initdb: string, user: PostgresUser): Promise<void> {
  await removeUnfinished(directory);
  // A random name: in a container an earlier process often had the same pid.
  const unfinished = await mkdtemp(join(directory, UNFINISHED));
  await giveTo(user, unfinished);
  const exit = await runAs(user, {
    command: initdb,
    // The builtin locale sorts by code point and knows the case of all letters, on every system and whatever its C library.
    args: [
      ...["--pgdata", unfinished, "--username", POSTGRES_USER, "--auth=trust", "--no-sync", "--no-instructions"],
      ...["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
    ],
    cwd: directory,
  });
  if (exit.code !== 0) throw new PostgresFailure("initdb could not create the embedded database", exit);
  await rename(unfinished, dataDirectory(directory));
}

/** What a start left that was ended in the middle. An initdb that is just being ended may still write, hence the retries. */
async function removeUnfinished(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name.startsWith(UNFINISHED));
  await Promise.all(names.map((name) => rm(join(directory, name), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })));
}
