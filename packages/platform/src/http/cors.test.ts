import { once } from "node:events";
import { ApiError } from "@bonfire/protocol/errors";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Endpoint } from "../endpoints/endpoint.ts";
import { FrontDoor } from "./front-door.ts";
import { createHttpServer } from "./http-server.ts";
import { UNOBSERVED } from "./testing/unobserved.ts";

const PAGE = "https://app.example.com";
const OTHER_PAGE = "https://evil.example.com";
const CORS_HEADERS = ["access-control-allow-origin", "access-control-expose-headers", "access-control-allow-credentials"];

const schemas = { answer: z.unknown() };
const ENDPOINTS: Endpoint[] = [
  { method: "GET", paths: ["/v1/models"], permission: "inference", summary: "", schemas, handle: async () => ({ json: { data: [] } }) },
  {
    method: "POST",
    paths: ["/v1/chat/completions"],
    permission: "inference",
    summary: "",
    schemas,
    handle: async () => ({
      headers: () => ({ "x-bonfire-model": "m" }),
      frames: (async function* () {
        yield { data: "hello" };
      })(),
    }),
  },
];

const doors: FrontDoor[] = [];
afterEach(async () => {
  for (const door of doors.splice(0)) {
    door.server.closeAllConnections();
    await door.close();
  }
});

/** The real edge; its key is "good". */
async function serve(corsOrigins?: readonly string[]): Promise<string> {
  const app = createHttpServer({
    endpoints: ENDPOINTS,
    ...(corsOrigins === undefined ? {} : { corsOrigins }),
    authenticate: (secret) => {
      if (secret !== "good") throw new ApiError("invalid_api_key", "Incorrect API key provided.");
      return { keyId: "key_1", keyName: "test", accountId: "a", projectId: "p", role: "inference" };
    },
    ...UNOBSERVED,
    bodyLimitBytes: 1_000,
    keepAliveMs: 15_000,
    shutdown: new AbortController().signal,
  });
  const door = new FrontDoor();
  doors.push(door);
  await door.open(app);
  door.server.listen(0, "127.0.0.1");
  await once(door.server, "listening");
  const address = door.server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

function models(url: string, headers: Record<string, string>): Promise<Response> {
  return fetch(`${url}/v1/models`, { headers: { authorization: "Bearer good", ...headers } });
}

function preflight(url: string, origin: string, path = "/v1/chat/completions"): Promise<Response> {
  return fetch(url + path, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type,x-stainless-lang",
    },
  });
}

const corsHeadersOf = ({ headers }: Response) => CORS_HEADERS.map((name) => headers.get(name));

describe("a page of an allowed origin", () => {
  it("may call, and read all headers of the answer, without cookies", async () => {
    const response = await models(await serve([PAGE, "https://second.example.com"]), { origin: PAGE });
    expect(response.status).toBe(200);
    expect(corsHeadersOf(response)).toEqual([PAGE, "*", null]);
    expect(response.headers.get("vary")).toBe("Origin");
  });

  it("may call also where the setting writes it with capitals", async () => {
    expect(corsHeadersOf(await models(await serve(["https://App.Example.com"]), { origin: PAGE }))[0]).toBe(PAGE);
  });

  it("asks first without a key, and may send whatever headers it asks for", async () => {
    const response = await preflight(await serve([PAGE]), PAGE);
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": PAGE,
      "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
      "access-control-allow-headers": "authorization,content-type,x-stainless-lang",
      "access-control-max-age": "600",
      vary: "Origin, Access-Control-Request-Headers",
    });
  });

  it("reads event streams", async () => {
    const response = await fetch(`${await serve([PAGE])}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer good", origin: PAGE, "content-type": "application/json" },
      body: "{}",
    });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect(corsHeadersOf(response)).toEqual([PAGE, "*", null]);
    expect(response.headers.get("vary")).toBe("Origin");
    expect(response.headers.get("x-request-id")).toMatch(/^req_/);
    expect(response.headers.get("x-bonfire-model")).toBe("m");
    expect(await response.text()).toBe("data: hello\n\n");
  });

  it.each([
    ["a wrong key", "/v1/models", { authorization: "Bearer bad" }, 401],
    ["an unknown path", "/v1/nothing", {}, 404],
    ["a wrong method", "/v1/chat/completions", {}, 405],
  ])("reads the error of %s", async (_, path, headers, status) => {
    const response = await fetch((await serve([PAGE])) + path, { headers: { authorization: "Bearer good", origin: PAGE, ...headers } });
    expect(response.status).toBe(status);
    expect(corsHeadersOf(response)).toEqual([PAGE, "*", null]);
  });
});

describe("a page of another origin", () => {
  it("is told nothing that lets its browser read the answer", async () => {
    const response = await models(await serve([PAGE]), { origin: OTHER_PAGE });
    expect(corsHeadersOf(response)).toEqual([null, null, null]);
    expect(response.headers.get("vary")).toBe("Origin");
  });

  it("is refused when it asks first", async () => {
    const response = await preflight(await serve([PAGE]), OTHER_PAGE);
    expect(response.status).toBe(405);
    expect(corsHeadersOf(response)).toEqual([null, null, null]);
  });
});

describe("a client that is no page", () => {
  it("is answered as ever", async () => {
    const response = await models(await serve([PAGE]), {});
    expect(response.status).toBe(200);
    expect(corsHeadersOf(response)).toEqual([null, null, null]);
  });

  it.each([
    ["/v1/chat/completions", 405],
    ["/v1/nothing", 404],
  ])("gets no answer to a bare OPTIONS of %s but %i", async (path, status) => {
    expect((await fetch((await serve([PAGE])) + path, { method: "OPTIONS" })).status).toBe(status);
  });
});

describe("where all origins are allowed", () => {
  it("every page may call, still without cookies", async () => {
    const url = await serve(["*"]);
    expect(corsHeadersOf(await models(url, { origin: OTHER_PAGE }))).toEqual(["*", "*", null]);
    expect((await preflight(url, OTHER_PAGE)).status).toBe(204);
  });
});

describe("where no origin is allowed", () => {
  it("no page may call", async () => {
    const url = await serve();
    const response = await models(url, { origin: PAGE });
    expect(corsHeadersOf(response)).toEqual([null, null, null]);
    expect((await preflight(url, PAGE)).status).toBe(405);
    expect(corsHeadersOf(await models(await serve([]), { origin: PAGE }))).toEqual([null, null, null]);
  });
});
