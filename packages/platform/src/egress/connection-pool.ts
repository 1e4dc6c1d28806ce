import type { Socket } from "node:net";
import { buildConnector, Client } from "undici";

type ClientOptions = Omit<Client.Options, "connect"> & { readonly connect: buildConnector.BuildOptions };

/** One connection to a server; it comes into being with the first call on it. */
export interface Connection {
  readonly client: Client;
  /** Whether it stands since an earlier call: the server may have closed it a moment ago. */
  isUsed: boolean;
  /** The one it stands on now. */
  socket: Socket | undefined;
}

/**
 * Connections to one server, each with one call at a time. The one that was used last is taken first: it is the least likely to have been
 * closed over there, and those that are not needed end by themselves.
 */
export class ConnectionPool {
  readonly #origin: string;
  readonly #options: ClientOptions;
  /** One for all of them, so that later ones resume the TLS session of the first. */
  readonly #connect: buildConnector.connector;
  readonly #connections = new Set<Connection>();
  readonly #idle: Connection[] = [];

  constructor(origin: string, options: ClientOptions) {
    this.#origin = origin;
    this.#options = options;
    this.#connect = buildConnector(options.connect);
  }

  take(): Connection {
    return this.#idle.pop() ?? this.open();
  }

  /** One that nobody has used. */
  open(): Connection {
    const connect: buildConnector.connector = (options, callback) =>
      this.#connect(options, (...result) => {
        connection.socket = result[1] ?? undefined;
        callback(...result);
      });
    const connection: Connection = { client: new Client(this.#origin, { ...this.#options, connect }), isUsed: false, socket: undefined };
    this.#connections.add(connection);
    connection.client.on("disconnect", () => {
      connection.isUsed = false;
      const at = this.#idle.indexOf(connection);
      if (at === -1) return;
      this.#idle.splice(at, 1);
      this.discard(connection);
    });
    return connection;
  }

  /** A call ended well. */
  giveBack(connection: Connection): void {
    if (!this.#connections.has(connection)) return;
    // An answer that did not wait for the whole request: the next one would stand behind what nobody may ever read.
    if ((connection.socket?.writableLength ?? 0) > 0) {
      this.discard(connection);
      return;
    }
    connection.isUsed = true;
    this.#idle.push(connection);
  }

  /** A call was broken off. */
  discard(connection: Connection): void {
    if (this.#connections.delete(connection)) void connection.client.destroy();
  }

  async close(): Promise<void> {
    const connections = [...this.#connections];
    this.#connections.clear();
    this.#idle.length = 0;
    await Promise.all(connections.map(({ client }) => client.destroy()));
  }
}
