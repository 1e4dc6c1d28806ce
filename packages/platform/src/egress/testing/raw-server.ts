import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** Sends one answer, byte by byte if it wants. */
export type RawScript = (socket: Socket, request: string) => void;

export interface RawServer {
  readonly url: string;
  /** Every request as it came, head and body. */
  readonly requests: readonly string[];
  readonly connections: () => number;
  /** Connections that the other side has closed. */
  readonly closed: () => number;
  script: RawScript;
  close(): Promise<void>;
}

/** A server on a socket that answers with exactly the bytes that a script gives, HTTP or not. */
export async function startRawServer(script: RawScript): Promise<RawServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let closed = 0;
  const listener = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      closed++;
      sockets.delete(socket);
    });
    let text = "";
    // One character for each byte, as lengths count them.
    socket.setEncoding("latin1").on("data", (part) => {
      text += String(part);
      const request = takeRequest(text);
      if (request === undefined) return;
      text = text.slice(request.length);
      requests.push(Buffer.from(request, "latin1").toString("utf8"));
      server.script(socket, request);
    });
  });
  const server: RawServer = {
    url: "",
    requests,
    connections: () => connections,
    closed: () => closed,
    script,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      if (!listener.listening) return;
      listener.close();
      await once(listener, "close");
    },
  };
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("It has no port.");
  return Object.assign(server, { url: `http://127.0.0.1:${address.port}/v1` });
}

function takeRequest(text: string): string | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
  return text.length >= end + 4 + length ? text.slice(0, end + 4 + length) : undefined;
}

/** An answer with the body's length told. */
export function answer(status: number, headers: Readonly<Record<string, string>>, body: string | Buffer): Buffer {
  const head = Object.entries({ ...headers, "content-length": String(Buffer.byteLength(body)) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Whatever\r\n${head.join("")}\r\n`), Buffer.from(body)]);
}

export const EVENT_STREAM_HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/** A part of a body of unknown length. */
export function httpChunk(bytes: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${Buffer.byteLength(bytes).toString(16)}\r\n`), Buffer.from(bytes), Buffer.from("\r\n")]);
}

export const LAST_HTTP_CHUNK = "0\r\n\r\n";
