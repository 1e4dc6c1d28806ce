import { createHash } from "node:crypto";
import { lstat, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A unix socket's path has room for 104 bytes (macOS) to 108 (Linux), of which the longest socket name takes up to 40. */
const LONGEST_DIRECTORY_BYTES = 60;

/** Where the sockets of an instance lie: in its own folder, or, where that path is too long for a socket, in a private one below the system's temporary folder. */
export function socketDirectory(home: string): string {
  const preferred = join(home, "run");
  if (Buffer.byteLength(preferred) <= LONGEST_DIRECTORY_BYTES) return preferred;
  const name = createHash("sha256")
    .update(`${process.getuid?.() ?? ""}\n${home}`)
    .digest("hex")
    .slice(0, 16);
  return join(tmpdir(), `bonfire-${name}`);
}

/** Makes the folder, open to its owner alone. @throws when somebody else made it first. */
export async function ensureSocketDirectory(home: string): Promise<string> {
  const directory = socketDirectory(home);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const found = await lstat(directory);
  const uid = process.getuid?.() ?? found.uid;
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new Error(`${directory} is meant for private sockets but is not a folder of yours with mode 0700. Remove it, and start again.`);
  }
  return directory;
}
