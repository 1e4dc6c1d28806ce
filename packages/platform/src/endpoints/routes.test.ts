import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startResourceDatabase, startResourceGateway } from "./testing/resource-gateway.ts";

let database: Awaited<ReturnType<typeof startResourceDatabase>>;
let gateway: Awaited<ReturnType<typeof startResourceGateway>>;

beforeAll(async () => {
  database = await startResourceDatabase();
  gateway = await startResourceGateway({ databaseUrl: database.databaseUrl, home: await database.newHome() });
}, 60_000);

afterAll(async () => {
  await gateway.stop();
  await database.close();
}, 60_000);

beforeEach(async () => {
  await gateway.clear();
  const models = [{ id: "meta/llama" }, { id: "phi", context_length: 4_096, price: { input: 1, output: 2 } }];
  await gateway.call("PUT", "/upstreams/vllm", {
    body: { base_url: "http://127.0.0.1:1/v1", import_models: false, models, max_concurrent: 7 },
  });
});

const to = (...names: string[]) => [{ deployments: names.map((deployment) => ({ deployment })) }];

function put(model: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  return gateway.call("PUT", `/routes/${model}`, { body, headers });
}

describe("routes", () => {
  it("are made with their defaults, listed by name, changed and removed, and count at once", async () => {
    expect(await put("openai%2Fgpt-4o", { groups: to("vllm/meta/llama", "gone/x") })).toMatchObject({
      status: 200,
      json: {
        object: "route",
        model: "openai/gpt-4o",
        policy: "weighted",
        affinity: "session",
        groups: [{ deployments: [{ deployment: "vllm/meta/llama", weight: 1 }, { deployment: "gone/x" }] }],
        retries: { attempts: 3 },
        missing: ["gone/x"],
        created_at: expect.any(Number),
      },
    });
    expect(gateway.routes.table.exact("openai/gpt-4o")?.policy).toBe("weighted");
    await put("openai/*", { groups: to("vllm/*") });
    expect(gateway.routes.table.wildcard("openai/o3")?.model).toBe("openai/*");
    expect(await gateway.call("GET", "/routes")).toMatchObject({
      json: { object: "list", data: [{ model: "openai/*", missing: [] }, { model: "openai/gpt-4o" }] },
    });
    await put("openai/gpt-4o", { policy: "cheapest", groups: to("vllm/phi") });
    expect(await gateway.call("GET", "/routes/openai/gpt-4o")).toMatchObject({ json: { policy: "cheapest", missing: [] } });
    expect(await gateway.call("DELETE", "/routes/openai/gpt-4o")).toMatchObject({
      status: 200,
      json: { model: "openai/gpt-4o", object: "route", deleted: true },
    });
    expect(gateway.routes.table.exact("openai/gpt-4o")).toBeUndefined();
  });

  it("change only what the client has seen, where it says so", async () => {
    const { json, headers } = await put("m", { groups: to("vllm/phi") });
    expect(headers.etag).toBe(json.etag);
    const before = { "if-match": json.etag };
    expect(await put("m", { groups: to("vllm/meta/llama") }, before)).toMatchObject({ status: 200 });
    expect(await put("m", { groups: to("vllm/phi") }, before)).toMatchObject({ status: 409, json: { error: { code: "conflict" } } });
    expect(await gateway.call("DELETE", "/routes/m", { headers: before })).toMatchObject({ status: 409 });
    // Some clients lose the quotes.
    const now = (await gateway.call("GET", "/routes/m")).json.etag.replaceAll('"', "");
    expect(await gateway.call("DELETE", "/routes/m", { headers: { "if-match": now } })).toMatchObject({ status: 200 });
  });

  it.each([
    ["no group", "m", { groups: [] }, "groups"],
    ["what is no deployment", "m", { groups: to("phi") }, "groups[0].deployments[0].deployment"],
    ["a star that stands for nothing", "m", { groups: to("vllm/*") }, "groups[0].deployments[0].deployment"],
    ["an unknown policy", "m", { policy: "best", groups: to("vllm/phi") }, "policy"],
    ["an unknown field", "m", { fallback: [], groups: to("vllm/phi") }, "fallback"],
    ["another name than its path's", "m", { model: "n", groups: to("vllm/phi") }, "model"],
    ["a name that models cannot have", "%20", { groups: to("vllm/phi") }, "model"],
  ])("are refused with %s", async (_, model, body, param) => {
    expect(await put(model, body)).toMatchObject({ status: 400, json: { error: { param } } });
    expect(await gateway.call("GET", "/routes")).toMatchObject({ json: { data: [] } });
  });

  it.each(["GET", "DELETE"] as const)("that do not exist are told of by %s", async (method) => {
    expect(await gateway.call(method, "/routes/a%00b")).toMatchObject({ status: 404, json: { error: { code: "route_not_found" } } });
  });
});

describe("deployments", () => {
  it("are listed by name with how they are", async () => {
    const place = gateway.board.of("vllm/phi").begin(Date.now());
    for (let failure = 0; failure < 5; failure++) {
      const failing = gateway.board.of("vllm/phi").begin(Date.now());
      failing.failed(new Error("It broke off."), Date.now());
      failing.release(Date.now());
    }
    expect(await gateway.call("GET", "/deployments")).toMatchObject({
      json: {
        object: "list",
        data: [
          {
            name: "vllm/meta/llama",
            breaker: "closed",
            retry_at: null,
            in_flight: 0,
            max_concurrent: 7,
            context_length: null,
            price: null,
          },
          {
            object: "deployment",
            name: "vllm/phi",
            model: "phi",
            engine: "openai-compatible",
            state: "ready",
            draining: false,
            in_flight: 1,
            context_length: 4_096,
            price: { input: 1, output: 2 },
          },
        ],
      },
    });
    place.release(Date.now());
  });

  it("are drained and take requests again, on every gateway", async () => {
    const other = await startResourceGateway({ databaseUrl: database.databaseUrl, home: await database.newHome() });
    expect(await gateway.call("PUT", "/deployments/vllm%2Fmeta%2Fllama", { body: { draining: true } })).toMatchObject({
      status: 200,
      json: { name: "vllm/meta/llama", draining: true },
    });
    await other.routes.refresh();
    expect([...other.routes.table.drained]).toEqual(["vllm/meta/llama"]);
    await gateway.call("PUT", "/deployments/vllm/meta/llama", { body: { draining: false } });
    expect(gateway.routes.table.drained.size).toBe(0);
    await other.stop();
  });

  it("that do not exist are not drained", async () => {
    expect(await gateway.call("PUT", "/deployments/vllm/x", { body: { draining: true } })).toMatchObject({
      status: 404,
      json: { error: { code: "deployment_not_found" } },
    });
    expect(await gateway.call("PUT", "/deployments/vllm/phi", { body: {} })).toMatchObject({
      status: 400,
      json: { error: { param: "draining" } },
    });
  });
});
