import { once } from "node:events";
import type { FrontDoor } from "./http/front-door.ts";
import { hasCode } from "./processes/error-code.ts";

/** A client that neither reads nor leaves cannot hold up the end. */
const CLOSE_GRACE_MS = 1_000;

/** @returns the port. @throws Error in words for the operator. */
export async function openPort({ server }: FrontDoor, { host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (cause) {
    if (hasCode(cause, "EADDRINUSE")) {
      throw new Error(`Port ${port} on ${host} is in use. Choose another one: BONFIRE_PORT=${port + 1}`, { cause });
    }
    if (hasCode(cause, "EADDRNOTAVAIL", "ENOTFOUND")) {
      throw new Error(`${host} is no address of this machine. Set BONFIRE_HOST to one that is, such as 127.0.0.1.`, { cause });
    }
    if (hasCode(cause, "EACCES")) throw new Error(`Port ${port} needs privileges. Choose one above 1023: BONFIRE_PORT=8080`, { cause });
    throw cause;
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/**
 * No new requests; running ones end, or are cut when `shutdown` aborts, and a client that neither reads nor leaves soon after.
 * @param patient idle connections are not cut either: their clients may be about to use them
 */
export async function closeDoor(door: FrontDoor, shutdown: AbortSignal, { patient = false } = {}): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const cut = () => {
    timer = setTimeout(() => door.server.closeAllConnections(), CLOSE_GRACE_MS);
  };
  if (shutdown.aborted) cut();
  else shutdown.addEventListener("abort", cut, { once: true });
  await (patient ? door.drain() : door.close());
  clearTimeout(timer);
}
