import { createHash } from "node:crypto";
import { chmod, lstat, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasCode } from "../processes/error-code.ts";
import { POSTGRES_USER } from "./postgres-cluster.ts";
import { giveTo, type PostgresUser } from "./postgres-user.ts";

/** Part of the socket's name; nothing listens on a TCP port. */
export const POSTGRES_PORT = 5432;
/** The kernel's limit is 107 bytes on Linux and 103 on macOS. */
const LONGEST_SOCKET_PATH = 100;

/**
 * A folder for the socket that only the server's user can enter: connections are trusted, so the folder is the guard. It is `run` in the
 * directory, or a folder for temporary files where that path would be too long for a socket.
 * @throws Error when somebody else made the folder.
 */
export async function ensureSocketDirectory(directory: string, user: PostgresUser): Promise<string> {
  const digest = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  const name = `bonfire-postgres-${user.ids.uid}-${digest}`;
  const candidates = [join(directory, "run"), join(tmpdir(), name), join("/tmp", name)];
  const folder = candidates.find((candidate) => Buffer.byteLength(socketPath(candidate)) <= LONGEST_SOCKET_PATH);
  if (folder === undefined) throw new Error(`No path is short enough for the socket of the database in ${directory}.`);

  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  // In a folder for temporary files everybody could have made it before us; nobody but its owner can replace it.
  const found = await lstat(folder);
  const owners = [user.ids.uid, process.geteuid?.()];
  if (!found.isDirectory() || !owners.includes(found.uid)) {
    throw new Error(
      `${folder} is needed for the socket of the embedded database, but it is not a folder of user ${user.ids.uid}: remove it.`,
    );
  }
  await giveTo(user, folder);
  if ((found.mode & 0o777) !== 0o700) await chmod(folder, 0o700);
  return folder;
}

export function socketPath(socketDirectory: string): string {
  return join(socketDirectory, `.s.PGSQL.${POSTGRES_PORT}`);
}

/** Says everything that `pg` would otherwise take from PGPORT, PGSSLMODE and their like. */
export function socketUrl(socketDirectory: string, database: string): string {
  const host = socketDirectory.split("/").map(encodeURIComponent).join("/");
  return `postgresql://${POSTGRES_USER}@/${database}?host=${host}&port=${POSTGRES_PORT}&sslmode=disable`;
}
