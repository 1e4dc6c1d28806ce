import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { EngineError } from "../engine/engine-error.ts";
import { ReplicaHttp } from "./replica-http.ts";

/** Answers as soon as the head of a request is there; `{"early":true}` on a connection that it reads no more. */
async function startHastyServer(): Promise<{ url: string; sockets: readonly Socket[]; close: () => void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      if (!bytes.toString("latin1").startsWith("POST")) return;
      const isLarge = bytes.includes("content-length: 2");
      if (isLarge) socket.pause();
      const body = JSON.stringify({ early: isLarge });
      socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("It has no port.");
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${address.port}`, sockets, close };
}

it("a connection whose server answered before it had read the request is not used again", async () => {
  const server = await startHastyServer();
  const http = new ReplicaHttp({
    address: { kind: "url", url: server.url },
    credentials: async () => ({ headers: {} }),
    readError: () => new EngineError("bad-response", "An error."),
    keepConnections: true,
  });
  const { signal } = new AbortController();
  try {
    // More than the buffers of two sockets hold.
    expect(await http.postJson("large", "x".repeat(20_000_000), signal)).toEqual({ early: true });
    expect(await http.postJson("small", "x", signal)).toEqual({ early: false });
    expect(await http.postJson("small", "x", signal)).toEqual({ early: false });
    expect(server.sockets.length).toBe(2);
  } finally {
    await http.close();
    server.close();
  }
});
