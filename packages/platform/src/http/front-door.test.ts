import { once } from "node:events";
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
