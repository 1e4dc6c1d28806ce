import { once } from "node:events";
import { chmod, link, rename, rm } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { hasCode } from "./error-code.ts";

/** Another process listens on the socket. */
export class SocketTakenError extends Error {
  override readonly name = "SocketTakenError";
}

/**
 * Lets a server listen on a unix socket that only its owner may open, and that at most one living process holds: it is the lock of what
 * it stands for. A socket that a dead process left is taken over.
 * @returns the function that gives the socket back; the server itself is closed by its owner.
 * @throws SocketTakenError
 */
export async function claimSocket(server: Server, path: string): Promise<() => Promise<void>> {
  // Bound under a name of its own first: `link` then either takes the real name or fails, with nothing in between.
  const own = `${path}.${process.pid}`;
  await rm(own, { force: true });
  server.listen(own);
  await once(server, "listening");
  await chmod(own, 0o600);
  try {
    await takeName(own, path);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    await rm(own, { force: true });
  }
  return () => rm(path, { force: true });
}

async function takeName(own: string, path: string): Promise<void> {
  for (;;) {
    try {
      return await link(own, path);
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
    if (await answers(path)) throw new SocketTakenError(`Another process listens on ${path}.`);
    // Moving is atomic: of two processes that find the same dead socket, one removes it and the other comes round again.
    const dead = `${path}.dead.${process.pid}`;
    await rename(path, dead).catch((error: unknown) => {
      if (!hasCode(error, "ENOENT")) throw error;
    });
    await rm(dead, { force: true });
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
