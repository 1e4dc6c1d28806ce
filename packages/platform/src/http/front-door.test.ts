import { once } from "node:events";
import { connect } from "node:net";
import { errorBody } from "@bonfire/protocol/error-body";
import { readiness } from "@bonfire/protocol/health";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FrontDoor } from "./front-door.ts";

describe("the front door before the platform is ready", () => {
  let door: FrontDoor;
  let url: string;
  beforeEach(async () => {
    door = new FrontDoor();
    door.server.listen(0, "127.0.0.1");
    await once(door.server, "listening");
    const address = door.server.address();
    url = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
  });
  afterEach(() => door.close());

  it("is alive", async () => {
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  it("is not ready", async () => {
    const response = await fetch(`${url}/ready`);
    expect(response.status).toBe(503);
    expect(readiness.parse(await response.json()).status).toBe("starting");
  });

  it("asks clients to come again, in the API's error shape", async () => {
    const response = await fetch(`${url}/v1/models`);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(errorBody.parse(await response.json()).error.code).toBe("model_unavailable");
  });
});

describe("a front door whose clients go on elsewhere", () => {
  /** A server whose answers wait until they may go out, and one connection to it. */
  async function servedBy(keepAliveTimeoutMs: number) {
    const door = new FrontDoor();
    door.server.keepAliveTimeout = keepAliveTimeoutMs;
    door.server.listen(0, "127.0.0.1");
    await once(door.server, "listening");
    const address = door.server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const socket = connect({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    const ask = async (): Promise<string> => {
      socket.write("GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
      const [data] = await once(socket, "data");
      return String(data);
    };
    return { door, port, socket, ask };
  }

  it("answers once more on a connection that lay idle, and closes it then", async () => {
    const { door, socket, ask } = await servedBy(60_000);
    expect(await ask()).toContain("Connection: keep-alive");
    const drained = door.drain();
    const closed = once(socket, "close");
    const answer = await ask();
    expect(answer).toContain("200 OK");
    expect(answer.toLowerCase()).toContain("connection: close");
    await closed;
    await drained;
  });

  it("takes no more connections, and is done when the time of the idle ones has run out", async () => {
    const { door, port, socket, ask } = await servedBy(300);
    await ask();
    const drained = door.drain();
    const [error] = await once(connect({ port, host: "127.0.0.1" }), "error");
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
    expect(socket.destroyed).toBe(false);
    await drained;
  });
});
