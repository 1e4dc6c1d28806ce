import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Passes TCP connections on to a database's unix socket, until it freezes: then nothing is closed and nothing arrives, as on a dead network. */
interface FreezableProxy {
  readonly port: number;
  freeze(): void;
  /** What hung is cut, and new connections pass again. */
  thaw(): void;
  close(): Promise<void>;
}

export async function startFreezableProxy(databaseUrl: string): Promise<FreezableProxy> {
  const parameters = new URL(databaseUrl.replace("@/", "@localhost/")).searchParams;
  const path = `${parameters.get("host")}/.s.PGSQL.${parameters.get("port")}`;
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((client) => {
    const upstream = connect(path);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes) => {
        if (!isFrozen) to.write(bytes);
      });
      from.on("error", () => undefined);
      from.on("close", () => {
        sockets.delete(from);
        if (!isFrozen) to.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    freeze: () => {
      isFrozen = true;
    },
    thaw: () => {
      cut();
      isFrozen = false;
    },
    close: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
