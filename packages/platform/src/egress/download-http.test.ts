import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { readJson, requestFollowing, withConnections } from "./download-http.ts";
import type { ProxySettings } from "./proxy-settings.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `127.0.0.1:${address.port}`;
}

/** A proxy that knows one host, whatever name it is asked for. */
async function startProxy(target: string): Promise<{ host: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    incoming.pipe(request(`http://${target}${new URL(incoming.url ?? "").pathname}`, (answer) => answer.pipe(outgoing)));
  });
  server.on("connect", (incoming, socket: Socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    const [host = "", port] = target.split(":");
    const onward = connect(Number(port), host, () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    onward.pipe(socket).pipe(onward);
    for (const end of [socket, onward]) end.on("error", () => undefined);
  });
  return { host: await listen(server), asked };
}

const get = (url: string, proxy?: ProxySettings) =>
  withConnections(async (dispatcher) => {
    const response = await requestFollowing({ url, method: "GET", signal: AbortSignal.timeout(10_000), dispatcher });
    return { status: response.statusCode, json: await readJson(response, 1_000) };
  }, proxy);

const startJson = (text: string) => listen(createServer((_request, response) => response.end(text)));

describe("a download", () => {
  it("goes through the proxy that the environment names", async () => {
    const { host, asked } = await startProxy(await startJson('{"a":1}'));
    const proxy = { httpProxy: `http://${host}`, httpsProxy: "", noProxy: "" };
    expect(await get("http://hub.example.org/models", proxy)).toEqual({ status: 200, json: { a: 1 } });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain("hub.example.org");
  });

  it("goes straight to hosts that need none", async () => {
    const target = await startJson("{}");
    const { host, asked } = await startProxy(target);
    await get(`http://${target}/`, { httpProxy: `http://${host}`, httpsProxy: "", noProxy: "127.0.0.1" });
    expect(asked).toEqual([]);
  });

  it("reads answers in JSON up to a limit", async () => {
    await expect(get(`http://${await startJson(JSON.stringify("x".repeat(2_000)))}/`)).rejects.toThrow("more than 1000 bytes");
  });
});
