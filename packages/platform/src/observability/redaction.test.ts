import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLogger } from "./logger.ts";
import { createRedactor } from "./redaction.ts";

const KEY = "bf-4kQ9xW2mZr7TcVb8Nn3LpHs6JdYgFe1A5uRoXiEw0Ct";
const HF_TOKEN = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz012345";
const CHOSEN_KEY = 'my "very own" key \\ with / odd + characters';
const PASSWORD = "s3cr3t-p4ss";
const DATABASE_URL = `postgresql://bonfire:${PASSWORD}@db.example:5432/bonfire`;
const UPSTREAM_KEY = "plain-upstream-value-17";

/** Everything that comes out, on stderr and in the file. */
function logged(log: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  const collect = { write: (line: string) => void lines.push(line) };
  log(createLogger({ level: "trace", screen: collect, file: collect, secrets: [CHOSEN_KEY, UPSTREAM_KEY, PASSWORD, DATABASE_URL] }));
  expect(lines.length % 2).toBe(0);
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  return lines.join("");
}

describe("no secret comes out of the log:", () => {
  it.each<[string, unknown]>([
    ["the headers of a request", { headers: { authorization: `Bearer ${KEY}`, "x-api-key": KEY, cookie: "session=abcdef" } }],
    ["credentials of another scheme", { authorization: "Basic dXNlcjpzM2NyM3QtcDRzcw==" }],
    [
      "settings",
      {
        config: {
          databaseUrl: DATABASE_URL,
          bootstrapKey: CHOSEN_KEY,
          huggingFace: { token: HF_TOKEN },
          upstream: { apiKey: UPSTREAM_KEY },
        },
      },
    ],
    ["an error with a secret in its message and stack", { err: new Error(`connect to ${DATABASE_URL} as ${CHOSEN_KEY} failed`) }],
    ["the cause of an error", { err: new Error("failed", { cause: new Error(`401 for key ${KEY} and ${HF_TOKEN}`) }) }],
    ["JSON in a string", { body: JSON.stringify({ password: "s3cr3t-p4ss", nested: JSON.stringify({ secret: `a"b${CHOSEN_KEY}` }) }) }],
    ["arrays of headers", { "set-cookie": ["session=abcdef"] }],
    ["deep objects", { a: { b: { c: { d: { password: 'quoted "abcdef" value' } } } } }],
    ["a URL with the secret encoded", { url: `https://u:${encodeURIComponent(CHOSEN_KEY)}@host/path?x=${encodeURIComponent(CHOSEN_KEY)}` }],
  ])("%s", (_, fields) => {
    const text = logged((logger) => logger.info(fields, "a line"));
    for (const secret of [KEY, HF_TOKEN, PASSWORD, UPSTREAM_KEY, "abcdef", "dXNlcjpzM2NyM3Q", "very own", encodeURIComponent(CHOSEN_KEY)]) {
      expect(text).not.toContain(secret);
    }
    expect(text).toContain("[redacted]");
    expect(text).toContain("a line");
  });

  it("message and bindings", () => {
    const text = logged((logger) => logger.child({ part: "hub", token: HF_TOKEN }).warn(`asked with Authorization: Bearer ${KEY}`));
    expect(text).not.toContain(HF_TOKEN);
    expect(text).not.toContain(KEY);
    expect(text).toContain('"part":"hub"');
  });

  it("a known secret of any characters, wherever it stands", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, unit: "grapheme" }), fc.string(), fc.string(), (secret, before, after) => {
        const redact = createRedactor([secret]);
        const line = redact(JSON.stringify({ msg: `${before} ${secret} ${after}` }));
        const { msg } = JSON.parse(line) as { msg: string };
        expect(msg.includes(secret) && !`${before} [redacted] ${after}`.includes(secret)).toBe(false);
      }),
    );
  });

  it("a secret field of any value, and the line stays JSON", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1 }),
        fc.constantFrom("password", "authorization", "x-api-key", "secret", "token"),
        (value, name) => {
          const line = createRedactor([])(JSON.stringify({ a: 1, [name]: value, z: "end" }));
          expect(JSON.parse(line)).toEqual({ a: 1, [name]: "[redacted]", z: "end" });
        },
      ),
    );
  });
});

it.each([
  { request_id: "req_0198", key_id: "key_0198", model: "org/model", prompt_tokens: 12, completion_tokens: 3, path: "/v1/chat/completions" },
  { msg: "Basic authentication is not offered; the bearer of this message knows." },
  { url: "http://127.0.0.1:8080/v1", at: "file:///home/user/bonfire/dist/main.js:10:5" },
  { err: { stack: "Error: no\n    at fetch (node:internal/deps/undici:1:2)" } },
])("what is no secret stays as it is: %j", (fields) => {
  const line = JSON.stringify(fields);
  expect(createRedactor(["12345678-never-there"])(line)).toBe(line);
});
