import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { deflateSync } from "node:zlib";
import { describe, expect, inject, it } from "vitest";
import { connectToSharedPlatform, MODEL } from "../shared-platform.ts";

const { call } = await connectToSharedPlatform();

const CHAT = { model: MODEL, max_tokens: 4, messages: [{ role: "user", content: "Hello" }] };
const ASKED: Readonly<Record<string, object>> = {
  "/v1/chat/completions": CHAT,
  "/v1/messages": CHAT,
  "/v1/messages/count_tokens": { model: MODEL, messages: CHAT.messages },
  "/v1/responses": { model: MODEL, max_output_tokens: 16, input: "Hello", store: false },
  "/v1/tokenize": { model: MODEL, prompt: "Hello" },
  "/v1/detokenize": { model: MODEL, tokens: [1] },
  "/v1/conversations": {},
  "/admin/v1/keys": { name: "x" },
};
const DIALECTS = ["/v1/chat/completions", "/together/v1/chat/completions", "/inference/v1/chat/completions"];
/** The machine may be busy; what hangs takes for ever. */
const MOST_MS = 20_000;

type Body = readonly [name: string, path: string, body: string];

/** A body that is right but for one field, whose JSON is given as text. */
function withField(path: string, field: string, json: string): string {
  const rest = Object.entries(ASKED[path] ?? {}).filter(([name]) => name !== field);
  const fields = rest.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${[...fields, `${JSON.stringify(field)}:${json}`].join(",")}}`;
}

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const times = (count: number, json: string) => `[${Array.from({ length: count }, () => json).join(",")}]`;
const pattern = (text: string) => ({ type: "object", properties: { a: { type: "string", pattern: text } }, required: ["a"] });

/** `$defs` in which each refers to the one before twice. */
function doubling(levels: number): object {
  const $defs = Object.fromEntries(
    Array.from({ length: levels }, (_, level) => {
      const $ref = `#/$defs/a${level - 1}`;
      return [`a${level}`, level === 0 ? { type: "object" } : { allOf: [{ $ref }, { $ref }] }];
    }),
  );
  return { $ref: `#/$defs/a${levels - 1}`, $defs };
}

const SCHEMAS: readonly (readonly [string, unknown])[] = [
  ["refers to itself alone", { $ref: "#" }],
  ["is a cycle of two", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { allOf: [{ $ref: "#/$defs/a" }] } } }],
  ["doubles forty times", doubling(40)],
  ["contains itself", { type: "object", properties: { child: { $ref: "#" } }, required: ["child"] }],
  ["contradicts itself", { type: "string", minLength: 5, maxLength: 1 }],
  ["allows nothing", { not: {} }],
  ["has numbers beyond all bounds", { type: "array", minItems: 1e308, items: { type: "integer", minimum: 1e308, maximum: -1e308 } }],
  ["has a string of 100,000 characters", { type: "string", minLength: 100_000, maxLength: 100_000 }],
  ["has an enum of 4,900 texts", { enum: Array.from({ length: 4_900 }, (_, index) => `value ${index}`) }],
  ["has an enum of 100,000 texts", { enum: Array.from({ length: 100_000 }, (_, index) => `value ${index}`) }],
  ["nests anyOf sixty deep", JSON.parse(`${'{"anyOf":['.repeat(30)}{}${"]}".repeat(30)}`)],
  ["has names of prototypes", JSON.parse('{"type":"object","properties":{"__proto__":{"const":1},"constructor":{"type":"null"}}}')],
  ["has keywords of OpenAPI", { nullable: true, id: "x", $async: true, discriminator: {} }],
  ["has a pattern that backtracks", pattern("^(a+)+$")],
  ["has a pattern that looks around", pattern("^(?!a)(?=(b*)*c).*$")],
  ["has a pattern of nested stars", pattern(`^${"(".repeat(500)}a${"*)".repeat(500)}$`)],
  ["has a pattern of nested counts", pattern("^((a{1000}){1000}){1000}$")],
  ["has a pattern of counts that may be empty", pattern("^((a{0,50}){0,50}){0,50}$")],
  ["has half a surrogate pair", { const: "\ud800" }],
  ["has a NUL character", { type: "object", properties: { "a\0b": { const: "\0" } }, required: ["a\0b"] }],
];

/** Some of them freeze llama.cpp's server for all of its users. */
const GRAMMARS: readonly (readonly [string, string])[] = [
  ["repeats what may be empty", "root ::= ([a-z]*){0,50}"],
  ["repeats a rule that may be empty", 'root ::= a{0,20}\na ::= "b"{0,20}'],
  ["repeats twice what may be empty", "root ::= ([a-z]{0,20}){0,20}"],
  ["stars a star", "root ::= ([a-z]*)*"],
  ["recurs on its left", 'root ::= root "a" | "a"'],
  ["recurs through the empty", 'root ::= a root | "x"\na ::= ""'],
  ["never ends", 'root ::= "a" root'],
  ["counts to two thousand and one", "root ::= [a-z]{2001}"],
  ["counts counts", "root ::= ([a-z]{1,2000}){1,2000}"],
  ["names what is not there", "root ::= nothing"],
  ["has no root", 'a ::= "b"'],
  ["does not parse", "root ::= ((("],
  ["is nested deeply", `root ::= ${"(".repeat(20_000)}"a"${")".repeat(20_000)}`],
  [
    "has ten thousand rules",
    `root ::= r0\n${Array.from({ length: 10_000 }, (_, index) => `r${index} ::= "a" r${index + 1}`).join("\n")}\nr10000 ::= "b"`,
  ],
  ["forces a token that ends the answer", "root ::= <[2]>"],
  ["forces a token that does not exist", "root ::= <[99999999]>"],
  ["forces half a character", "root ::= <[10813]> <[10813]>"],
  ["has a NUL character", 'root ::= "a\0b"'],
  ["has half a surrogate pair", 'root ::= "\ud800"'],
];

const asFormat = (schema: unknown): readonly Body[] => [
  [
    "a format",
    "/v1/chat/completions",
    JSON.stringify({ ...CHAT, response_format: { type: "json_schema", json_schema: { name: "x", schema } } }),
  ],
  ["a format", "/v1/messages", JSON.stringify({ ...CHAT, output_config: { format: { type: "json_schema", schema } } })],
];

/** These alone: each costs a generation. */
const FOR_TOOLS: ReadonlySet<string> = new Set([
  "refers to itself alone",
  "doubles forty times",
  "contains itself",
  "has a pattern of nested stars",
]);
const asParameter = (schema: unknown): Body => [
  "a tool's parameter",
  "/v1/chat/completions",
  JSON.stringify({
    ...CHAT,
    tool_choice: "required",
    tools: [{ type: "function", function: { name: "f", parameters: { type: "object", properties: { a: schema } } } }],
  }),
];

const BODIES: readonly Body[] = [
  ...SCHEMAS.flatMap(([name, schema]) =>
    [...asFormat(schema), ...(FOR_TOOLS.has(name) ? [asParameter(schema)] : [])].map(
      ([where, path, body]) => [`${where} whose schema ${name}`, path, body] as const,
    ),
  ),
  ...GRAMMARS.map(
    ([name, grammar]) =>
      [
        `a grammar that ${name}`,
        "/v1/chat/completions",
        JSON.stringify({ ...CHAT, response_format: { type: "grammar", grammar } }),
      ] as const,
  ),
  ...["^(a*)*$", "((a{1000}){1000}){1000}", "(?=a)", "(", "\\p{L}{2000}", "a?".repeat(5_000)].map(
    (text) =>
      [
        `the regex ${text.slice(0, 30)}`,
        "/v1/chat/completions",
        JSON.stringify({ ...CHAT, response_format: { type: "regex", pattern: text } }),
      ] as const,
  ),
  ...Object.keys(ASKED).flatMap((path): Body[] => [
    [`${path} nested 10,000 deep`, path, nested(10_000)],
    [`${path} with a million values`, path, times(1_000_000, "0")],
    [`${path} with a field of half a surrogate pair`, path, withField(path, "\ud800", '"\\udc00"')],
    [`${path} with __proto__`, path, withField(path, "__proto__", '{"stream":true}')],
  ]),
  ...(["messages", "system", "tools", "tool_choice", "stop_sequences", "thinking", "output_config", "metadata"] as const).flatMap(
    (field): Body[] => [
      [`messages' ${field} nested 400 deep`, "/v1/messages", withField("/v1/messages", field, nested(400))],
      [`messages' ${field} with 100,000 empty objects`, "/v1/messages", withField("/v1/messages", field, times(100_000, "{}"))],
    ],
  ),
  [
    "10,000 messages",
    "/v1/chat/completions",
    withField("/v1/chat/completions", "messages", times(10_000, '{"role":"user","content":"hi"}')),
  ],
  ...DIALECTS.map(
    (path): Body => [
      `10,000 tools to ${path}`,
      path,
      withField("/v1/chat/completions", "tools", times(10_000, '{"type":"function","function":{"name":"f"}}')),
    ],
  ),
  ["10,000 messages to Messages", "/v1/messages", withField("/v1/messages", "messages", times(10_000, '{"role":"user","content":"hi"}'))],
  ["100,000 stop strings", "/v1/chat/completions", withField("/v1/chat/completions", "stop", times(100_000, '"a"'))],
  [
    "template variables nested 10,000 deep",
    "/v1/chat/completions",
    withField("/v1/chat/completions", "chat_template_kwargs", `{"a":${nested(10_000)}}`),
  ],
  [
    "template variables nested 400 deep",
    "/v1/chat/completions",
    withField("/v1/chat/completions", "chat_template_kwargs", `{"a":${nested(400)}}`),
  ],
  [
    "template variables of a prototype",
    "/v1/chat/completions",
    withField("/v1/chat/completions", "chat_template_kwargs", '{"__proto__":{},"messages":[]}'),
  ],
  ["NUL in a prompt to count", "/v1/tokenize", withField("/v1/tokenize", "prompt", '"a\\u0000b\\ud800"')],
  ["a megabyte to count", "/v1/tokenize", withField("/v1/tokenize", "prompt", `"${"word ".repeat(200_000)}"`)],
  ["tokens that do not exist", "/v1/detokenize", withField("/v1/detokenize", "tokens", "[2147483647,49152]")],
  ["a token that is half a character", "/v1/detokenize", withField("/v1/detokenize", "tokens", "[10813]")],
  ["a key's name of a megabyte", "/admin/v1/keys", withField("/admin/v1/keys", "name", `"${"a".repeat(1_000_000)}"`)],
  ["a model's name of a megabyte", "/v1/chat/completions", withField("/v1/chat/completions", "model", `"${"a".repeat(1_000_000)}"`)],
  ...[
    "data:image/png;base64,",
    "data:image/png;base64,AAAA",
    "data:,",
    "file:///etc/passwd",
    "http://127.0.0.1:1/",
    pictureUrl(10_000, 5_000),
  ].flatMap((url): Body[] => [
    [
      `the picture ${url.slice(0, 40)}`,
      "/v1/chat/completions",
      JSON.stringify({ ...CHAT, messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }] }),
    ],
  ]),
];

describe("a hostile body gives no server error, and the next request works:", () => {
  it.each(BODIES)("%s", { timeout: 2 * MOST_MS }, async (_, path, body) => {
    const { status, text } = await post(path, body);
    if (status >= 500) expect({ status, text }).toEqual({ status: 502, text: expect.stringContaining("invalid_model_output") });
    expect(text).not.toContain("internal_error");
    expect((await post("/v1/chat/completions", JSON.stringify({ ...CHAT, max_tokens: 1 }))).status).toBe(200);
  });
});

it("a name for a model is refused however it is written", async () => {
  for (const name of ["%00", "%ff", "..%2f..", "__proto__", "a".repeat(900), "%ed%a0%80", "a%20b"]) {
    const headers = { "content-type": "application/json" };
    const response = await call(`/admin/v1/aliases/${name}`, { method: "PUT", headers, body: '{"model": "m\\u0000"}' });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    await response.text();
  }
});

it("the method QUERY is no way around", async () => {
  expect((await call("/v1/chat/completions", { method: "QUERY" })).status).toBe(405);
});

describe("the platform's memory", () => {
  /** What V8 keeps before it collects; what leaked would be there of each request. */
  const MOST_GROWTH_MIB = 200;

  it(`does not grow by more than ${MOST_GROWTH_MIB} MiB over 300 hostile requests`, { timeout: 180_000 }, async () => {
    const pid = platformPid();
    const unique = (round: number): readonly Body[] => [
      [
        "an error that would quote a lot",
        "/v1/chat/completions",
        withField("/v1/chat/completions", `field ${round}`, `"${"a".repeat(100_000)}"`),
      ],
      ...asFormat({
        type: "object",
        description: "x".repeat(100_000),
        properties: { [`name ${round}`]: { pattern: `^a{${round}}$` } },
        minProperties: 9,
      }),
      ["a wide body", "/v1/messages", withField("/v1/messages", "messages", times(10_000, `{"role":"${round}"}`))],
      ["a deep body", "/v1/tokenize", nested(1_000 + round)],
    ];
    const attack = async (from: number, to: number) => {
      for (let round = from; round < to; round++) for (const [, path, body] of unique(round)) await post(path, body);
    };
    await attack(0, 10);
    const before = residentMib(pid);
    await attack(10, 60);
    await delay(1_000);
    expect(residentMib(pid) - before).toBeLessThan(MOST_GROWTH_MIB);
  });
});

async function post(path: string, body: string): Promise<{ status: number; text: string }> {
  const headers = { "content-type": "application/json" };
  const response = await call(path, { method: "POST", headers, body, signal: AbortSignal.timeout(MOST_MS) });
  return { status: response.status, text: await response.text() };
}

/** The process that listens at the platform's port. */
function platformPid(): number {
  const { port } = new URL(inject("baseUrl"));
  const inode = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, , state]) => state === "0A" && local?.endsWith(`:${Number(port).toString(16).toUpperCase().padStart(4, "0")}`))?.[9];
  const holders = execFileSync(
    "sh",
    ["-c", `ls -l /proc/[0-9]*/fd 2>/dev/null | awk '/^\\/proc/ {p=$0} /socket:\\[${inode}\\]/ {print p}'`],
    {
      encoding: "utf8",
    },
  );
  const pid = /\/proc\/(\d+)\//.exec(holders)?.[1];
  if (pid === undefined) throw new Error(`Nobody listens at ${port}.`);
  return Number(pid);
}

function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1_024;
}

/** One grey that says it is so wide and so high: small to send, large to unpack. */
function pictureUrl(width: number, height: number): string {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.alloc((width + 1) * height));
  const file = Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", header),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
  return `data:image/png;base64,${file.toString("base64")}`;
}

function chunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(content.length + 8);
  frame.writeUInt32BE(data.length, 0);
  content.copy(frame, 4);
  frame.writeUInt32BE(crc32(content), content.length + 4);
  return frame;
}

function crc32(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
