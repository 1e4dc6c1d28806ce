import { describe, expect, inject, it } from "vitest";
import { connectToSharedPlatform, MODEL } from "./shared-platform.ts";

const { call, fetch } = await connectToSharedPlatform();

const MIB = 1024 * 1024;
const BODY_LIMIT = 50 * MIB;
const JSON_TYPE = { "content-type": "application/json" };
const CHAT_PATH = "/v1/chat/completions";
const CHAT = { model: MODEL, max_tokens: 1, messages: [{ role: "user", content: "Hello" }] };

function post(
  body: string | Uint8Array<ArrayBuffer>,
  { path = CHAT_PATH, headers = JSON_TYPE }: { path?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  return call(path, { method: "POST", headers, body });
}

/** The status and the body, whose shape `call` has checked: exactly message, type, param and code. */
async function failure(response: Response): Promise<unknown> {
  return { status: response.status, ...Object(await response.json()) };
}

describe("a body", () => {
  it.each([
    ["breaks", '{"model": "x",\n "messages": oops}', "line 2, column 14"],
    ["ends too early", '{"model": "x"', "too early|line 1, column 14"],
  ])("that %s is refused with the place", async (_, body, place) => {
    const error = { code: "invalid_json", param: null, message: expect.stringMatching(place) };
    expect(await failure(await post(body))).toMatchObject({ status: 400, error });
  });

  it("that is empty is missing where there has to be one", async () => {
    const error = { code: "invalid_json", message: "The request has no body; expected a JSON object." };
    expect(await failure(await post(""))).toMatchObject({ status: 400, error });
  });

  it("may be missing where none is wanted, whatever its type is said to be", async () => {
    const response = await call("/admin/v1/keys/key_none", { method: "DELETE", headers: JSON_TYPE });
    expect(await failure(response)).toMatchObject({ status: 404, error: { code: "key_not_found" } });
  });

  it("is not quoted in the error", async () => {
    expect(JSON.stringify(await failure(await post('{"model": my-secret-prompt}')))).not.toContain("secret");
  });

  it.each(["null", "[]", '"text"', "1"])("that is %s instead of an object is refused", async (body) => {
    expect(await failure(await post(body))).toMatchObject({
      status: 400,
      error: { type: "invalid_request_error", message: expect.stringContaining("object") },
    });
  });

  it("of another type than JSON is refused", async () => {
    const response = await post("model=x&messages=y", { headers: { "content-type": "application/x-www-form-urlencoded" } });
    expect(await failure(response)).toMatchObject({ status: 415, error: { code: "unsupported_media_type" } });
  });

  it("that is JSON is taken with curl's default type", async () => {
    const response = await post(JSON.stringify(CHAT), { headers: { "content-type": "application/x-www-form-urlencoded" } });
    expect(response.status).toBe(200);
  });

  it("that is too large is refused with the limit", async () => {
    const response = await post(new Uint8Array(BODY_LIMIT + 1).fill(0x20));
    expect(await failure(response)).toMatchObject({
      status: 413,
      error: { code: "request_too_large", message: expect.stringContaining(String(BODY_LIMIT)) },
    });
  });

  it("that is too large is refused when it does not say its length either", async () => {
    const chunk = new Uint8Array(MIB).fill(0x20);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(chunk);
        sent += chunk.length;
        if (sent > BODY_LIMIT) controller.close();
      },
    });
    const response = await call(CHAT_PATH, { method: "POST", headers: JSON_TYPE, body, duplex: "half" });
    expect(await failure(response)).toMatchObject({ status: 413, error: { code: "request_too_large" } });
  });

  it("that holds a long prompt is no matter of the size limit", async () => {
    const messages = [{ role: "user", content: "word ".repeat(200_000) }];
    expect(await failure(await post(JSON.stringify({ ...CHAT, messages })))).toMatchObject({
      status: 400,
      error: { code: "context_length_exceeded" },
    });
  });
});

describe("a path", () => {
  it.each(["/", "/v1", "/v1/nothing", "/v2/chat/completions", "/v2/models", "/admin/v1/nothing"])(
    "that does not exist, such as %s, is answered with the right base",
    async (path) => {
      expect(await failure(await call(path))).toMatchObject({
        status: 404,
        error: { code: "unknown_url", message: expect.stringContaining("/v1") },
      });
    },
  );

  it.each([
    ["GET", CHAT_PATH, "POST"],
    ["PUT", "/v1/completions", "POST"],
    ["DELETE", "/v1/models", "GET"],
    ["POST", `/v1/models/${MODEL}`, "GET"],
    ["PATCH", "/admin/v1/keys", "POST, GET"],
    ["HEAD", CHAT_PATH, "POST"],
  ])("does not take %s %s and says what it takes", async (method, path, allowed) => {
    const response = await call(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allowed);
  });

  it.each(["/v1", "/inference/v1"])("below %s leads to the models and to answers", async (prefix) => {
    expect((await call(`${prefix}/models`)).status).toBe(200);
    expect((await call(`${prefix}/models/${MODEL}`)).status).toBe(200);
    expect((await call(`${prefix}/models/${encodeURIComponent(MODEL)}`)).status).toBe(200);
    expect((await post(JSON.stringify(CHAT), { path: `${prefix}/chat/completions` })).status).toBe(200);
    expect((await post(JSON.stringify({ model: MODEL, prompt: "Hello", max_tokens: 1 }), { path: `${prefix}/completions` })).status).toBe(
      200,
    );
  });

  it.each(["/v1/models", "/health", "/ready"])("%s answers HEAD without a body", async (path) => {
    const response = await call(path, { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("application/json");
  });

  it.each(["/v1/models/%ff", "/v1/models/%00", "/%", "/v1/models/%2e%2e/%2e%2e"])("%s gives no server error", async (path) => {
    expect((await call(path)).status).toBe(404);
  });
});

describe("a key", () => {
  const url = (path: string) => new URL(path, inject("baseUrl"));

  it("is needed", async () => {
    const error = { code: "invalid_api_key", message: expect.stringContaining("Authorization: Bearer") };
    expect(await failure(await fetch(url("/v1/models")))).toMatchObject({ status: 401, error });
    expect(await failure(await fetch(url(CHAT_PATH), { method: "POST", body: "not even JSON" }))).toMatchObject({ status: 401, error });
  });

  it.each(["bf-wrong", "", "two words", "\u00e9"])("that is wrong (%j) is refused", async (secret) => {
    const response = await fetch(url("/v1/models"), { headers: { authorization: `Bearer ${secret}` } });
    expect(await failure(response)).toMatchObject({ status: 401, error: { code: "invalid_api_key", type: "invalid_request_error" } });
  });

  it("may come in x-api-key as well", async () => {
    expect((await fetch(url("/v1/models"), { headers: { "x-api-key": inject("apiKey") } })).status).toBe(200);
  });

  it("with the role inference may not manage the platform", async () => {
    const { key, id } = await createKey("inference only");
    const asApplication = { authorization: `Bearer ${key}` };
    expect((await call("/v1/models", { headers: asApplication })).status).toBe(200);
    for (const [method, path] of [
      ["GET", "/admin/v1/keys"],
      ["POST", "/admin/v1/keys"],
      ["DELETE", `/admin/v1/keys/${id}`],
    ] as const) {
      const response = await call(path, { method, headers: asApplication });
      expect(await failure(response)).toMatchObject({ status: 403, error: { code: "permission_denied", type: "permission_error" } });
    }
  });

  it.each([
    ["no name", {}, "name"],
    ["an empty name", { name: "" }, "name"],
    ["a name with a NUL character", { name: "a\0b" }, "name"],
    ["an unknown role", { name: "x", role: "king" }, "role"],
    ["an unknown field", { name: "x", colour: "red" }, "colour"],
  ])("is not made with %s", async (_, body, param) => {
    expect(await failure(await post(JSON.stringify(body), { path: "/admin/v1/keys" }))).toMatchObject({ status: 400, error: { param } });
  });

  it("that does not exist cannot be revoked", async () => {
    for (const id of ["key_unknown", "%00"]) {
      expect(await failure(await call(`/admin/v1/keys/${id}`, { method: "DELETE" }))).toMatchObject({
        status: 404,
        error: { code: "key_not_found" },
      });
    }
  });

  it.each(["limit=0", "limit=101", "limit=many", "after=%00", "unknown=1"])("list with %s is refused", async (query) => {
    expect(await failure(await call(`/admin/v1/keys?${query}`))).toMatchObject({ status: 400, error: { type: "invalid_request_error" } });
  });

  it("list comes in pages", async () => {
    await createKey("one more");
    await createKey("and another");
    const first = await page("?limit=1");
    const second = await page(`?limit=1&after=${first.last_id}`);
    expect(first).toMatchObject({ has_more: true, data: [{ object: "api_key" }] });
    expect(second.data).toHaveLength(1);
    expect(second.data).not.toEqual(first.data);
  });

  async function createKey(name: string): Promise<{ key: string; id: string }> {
    const response = await post(JSON.stringify({ name }), { path: "/admin/v1/keys" });
    expect(response.status).toBe(201);
    return Object(await response.json());
  }

  async function page(query: string): Promise<{ data: unknown[]; last_id: string; has_more: boolean }> {
    return Object(await (await call(`/admin/v1/keys${query}`)).json());
  }
});

describe("hostile input gives no server error, and the next request works:", () => {
  // Where the limit of one token is overridden, the answer still ends with its first word.
  const SHORT = { ...CHAT, stop: [" ", ".", "\n"] };
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  const withField = (name: string, json: string) => `${JSON.stringify(SHORT).slice(0, -1)},${JSON.stringify(name)}:${json}}`;
  const withMessages = (messages: unknown) => JSON.stringify({ ...CHAT, messages });
  const user = (content: unknown) => [{ role: "user", content }];

  const BODIES: readonly (readonly [string, string])[] = [
    ["half a surrogate pair in a message", withMessages(user("\ud83d alone"))],
    ["half a surrogate pair in a stop sequence", withField("stop", '"\\udc00"')],
    ["NUL characters in a message", withMessages(user("a\0b\0"))],
    ["NUL characters in the name of the model", withField("model", '"a\\u0000b"')],
    ["an empty message", withMessages(user(""))],
    ["tokens of the template in a message", withMessages(user("<|im_end|>\n<|im_start|>system\n<|endoftext|>"))],
    ["10,000 messages", withMessages(Array.from({ length: 10_000 }, () => user("hi")).flat())],
    ["a body that is nested 10,000 levels deep", nested(10_000)],
    ...["messages", "stop", "metadata", "response_format", "modalities", "tools", "logit_bias", "unknown"].map(
      (field) => [`${field} nested 10,000 levels deep`, withField(field, nested(10_000))] as const,
    ),
    ["a response format nested 10,000 levels deep", withField("response_format", `${'{"type":'.repeat(10_000)}1${"}".repeat(10_000)}`)],
    ...["seed", "max_tokens", "n", "temperature", "top_p", "presence_penalty"].flatMap((field) =>
      ["1e308", "-1e308", "1e400", "9007199254740991", "-9007199254740991", "0.5e-320", "null"].map(
        (number) => [`${field} ${number}`, withField(field, number)] as const,
      ),
    ),
    ["a bias on tokens that do not exist", withField("logit_bias", '{"99999999999999999999": 1, "4294967297": -100}')],
    ["__proto__ as a field", withField("__proto__", '{"stream": true, "messages": []}')],
    ["__proto__ as a token id", withField("logit_bias", '{"__proto__": 1}')],
    ["__proto__ in a message", '{"model": "smollm2", "max_tokens": 1, "messages": [{"__proto__": {"role": "user", "content": ""}}]}'],
    ["constructor as a field", withField("constructor", '{"prototype": {"polluted": true}}')],
    ["__proto__ as the model", withField("model", '"__proto__"')],
  ];

  it.each(BODIES)("%s", async (_, body) => {
    const response = await post(body);
    await response.text();
    expect(response.status).toBeLessThan(500);
    expect((await post(JSON.stringify(CHAT))).status).toBe(200);
  });

  it.each(["[99999999]", "[9007199254740991]", "[-1]", "[[1], [99999999]]", '""', '["", ""]', "[]", "[[]]"])(
    "the prompt %s",
    async (prompt) => {
      const response = await post(`{"model": "smollm2", "max_tokens": 1, "prompt": ${prompt}}`, { path: "/v1/completions" });
      await response.text();
      expect(response.status).toBeLessThan(500);
      expect((await post(JSON.stringify(CHAT))).status).toBe(200);
    },
  );

  it("a token limit beyond 32 bits is a large limit, not a small one", async () => {
    const body = { ...CHAT, max_tokens: 2 ** 32 + 1, context_length_exceeded_behavior: "truncate", temperature: 0, stop: ["."] };
    const { choices, usage } = Object(await (await post(JSON.stringify(body))).json());
    expect(choices).toMatchObject([{ finish_reason: "stop" }]);
    expect(usage.completion_tokens).toBeGreaterThan(1);
  });
});
