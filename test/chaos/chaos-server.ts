import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { z } from "zod";
import { Wire } from "./wire.ts";

/** One request, and the wire on which its answer goes out. */
export interface ChaosCall {
  readonly path: string;
  readonly authorization: string | undefined;
  /** Empty for a script that does not wait for the body. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly wire: Wire;
  /** Settles when the connection is gone, whoever ended it. */
  readonly gone: Promise<void>;
}

/** How an upstream answers one request. */
export type Answer = (call: ChaosCall) => void | Promise<void>;

interface Script {
  readonly answer: Answer;
  /** Answers when the head of the request is there, and reads no body. */
  readonly isEarly?: boolean;
}

/** What a door does with a connection before it has read anything. */
export type DoorMode = "opens" | "refuses" | "closes" | "says-nothing";

/** One port. */
export interface Door {
  /** Base URL of an upstream behind it. */
  urlOf(upstream: string): string;
  turn(mode: DoorMode): Promise<void>;
}

const HOST = "127.0.0.1";
const jsonObject = z.record(z.string(), z.unknown());

/** Many upstreams in one server of raw sockets: the first part of the path says which one is asked, and a script what it does. */
export class ChaosServer {
  readonly #healthy: Answer;
  readonly #scripts = new Map<string, Script>();
  readonly #doors: ChaosDoor[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #asked = new Map<string, number>();

  /** @param healthy answers where there is no script */
  constructor(healthy: Answer) {
    this.#healthy = healthy;
  }

  async addDoor(): Promise<Door> {
    const door = new ChaosDoor((socket) => this.#serve(socket), this.#sockets);
    this.#doors.push(door);
    await door.turn("opens");
    return door;
  }

  /** From now on. */
  misbehave(upstream: string, script: Script): void {
    this.#scripts.set(upstream, script);
  }

  heal(upstream: string): void {
    this.#scripts.delete(upstream);
  }

  /** How often it was asked. */
  asked(upstream: string): number {
    return this.#asked.get(upstream) ?? 0;
  }

  /** Connections that stand now; one that is not read cannot tell. */
  open(): number {
    return [...this.#sockets].filter((socket) => !socket.isPaused()).length;
  }

  async close(): Promise<void> {
    await Promise.all(this.#doors.map((door) => door.turn("refuses")));
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    let received = Buffer.alloc(0);
    // `once` of node:events would fail where the connection is reset.
    const gone = new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
    });
    socket.on("data", (bytes) => {
      received = Buffer.concat([received, Buffer.from(bytes)]);
      const request = readRequest(received, (upstream) => this.#scripts.get(upstream)?.isEarly === true);
      if (request === undefined) return;
      received = received.subarray(request.bytes);
      this.#answer(request, { wire: new Wire(socket), gone });
    });
  }

  #answer({ upstream, path, authorization, body }: ReadRequest, { wire, gone }: Pick<ChaosCall, "wire" | "gone">): void {
    this.#asked.set(upstream, this.asked(upstream) + 1);
    const { answer } = this.#scripts.get(upstream) ?? { answer: this.#healthy };
    Promise.resolve(answer({ path, authorization, body, wire, gone })).catch((error: unknown) => {
      process.stderr.write(`The script of ${upstream} failed: ${String(error)}\n`);
      wire.reset();
    });
  }
}

class ChaosDoor implements Door {
  readonly #onSocket: (socket: Socket) => void;
  readonly #sockets: Set<Socket>;
  #mode: DoorMode = "opens";
  #server: Server | undefined;
  #port = 0;

  constructor(onSocket: (socket: Socket) => void, sockets: Set<Socket>) {
    this.#onSocket = onSocket;
    this.#sockets = sockets;
  }

  urlOf(upstream: string): string {
    return `http://${HOST}:${this.#port}/${upstream}/v1`;
  }

  async turn(mode: DoorMode): Promise<void> {
    this.#mode = mode;
    if (mode === "refuses") this.#server?.close();
    else if (this.#server?.listening !== true) await this.#listen();
  }

  async #listen(): Promise<void> {
    const server = createServer((socket) => this.#enter(socket));
    this.#server = server;
    server.listen(this.#port, HOST);
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("It has no port.");
    this.#port = address.port;
  }

  #enter(socket: Socket): void {
    this.#sockets.add(socket);
    // What is written byte by byte is to arrive so.
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
    if (this.#mode === "closes") socket.destroy();
    else if (this.#mode === "says-nothing") socket.resume();
    else this.#onSocket(socket);
  }
}

interface ReadRequest {
  /** How long it is. */
  readonly bytes: number;
  readonly upstream: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** @returns undefined for one of which something is missing. */
function readRequest(received: Buffer, isEarly: (upstream: string) => boolean): ReadRequest | undefined {
  const headBytes = received.indexOf("\r\n\r\n") + 4;
  if (headBytes < 4) return undefined;
  const head = received.toString("latin1", 0, headBytes);
  const path = head.split(" ", 2)[1] ?? "";
  const upstream = path.split("/", 2)[1] ?? "";
  const authorization = /^authorization: (.*)\r$/im.exec(head)?.[1];
  if (isEarly(upstream)) return { bytes: received.length, upstream, path, authorization, body: {} };
  const bytes = headBytes + Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  if (received.length < bytes) return undefined;
  const text = received.toString("utf8", headBytes, bytes);
  return { bytes, upstream, path, authorization, body: text === "" ? {} : jsonObject.parse(JSON.parse(text)) };
}
