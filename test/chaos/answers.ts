import type { Answer } from "./chaos-server.ts";
import type { Wire } from "./wire.ts";

/** What every complete answer says, in two pieces. */
export const SAID = "Hello, world";
const [FIRST_PIECE, SECOND_PIECE] = ["Hello,", " world"];

type Headers = Readonly<Record<string, string>>;

export const STREAM_TYPE = { "content-type": "text/event-stream" };
const JSON_TYPE = { "content-type": "application/json" };

/** A status line and headers, and the empty line behind them. */
export function head(status: number, headers: Headers): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join("")}\r\n`;
}

/** With the body's length told. */
export function wholeAnswer(status: number, headers: Headers, body: string | Buffer): Answer {
  return async ({ wire }) => {
    await wire.send(head(status, { ...headers, "content-length": String(Buffer.byteLength(body)) }));
    await wire.send(body);
  };
}

export function jsonAnswer(status: number, body: unknown, headers: Headers = {}): Answer {
  return wholeAnswer(status, { ...JSON_TYPE, ...headers }, JSON.stringify(body));
}

/** OpenAI's. */
export function errorAnswer(status: number, error: Readonly<Record<string, unknown>>, headers: Headers = {}): Answer {
  return jsonAnswer(status, { error: { message: "This is what it says.", type: "x", param: null, code: null, ...error } }, headers);
}

/** A stream whose body ends with its connection. */
export function streamAnswer(body: string | Buffer): Answer {
  return async ({ wire }) => {
    await beginStream(wire);
    await wire.send(body);
    wire.end();
  };
}

/** The head of a stream whose body ends with its connection. */
export function beginStream(wire: Wire): Promise<void> {
  return wire.send(head(200, STREAM_TYPE));
}

export function sse(json: unknown): string {
  return `data: ${typeof json === "string" ? json : JSON.stringify(json)}\n\n`;
}

/** A chunk with one choice. */
export function chunk(delta: object, choice: object = {}, envelope: object = {}): string {
  return sse({
    id: "chatcmpl-chaos",
    object: "chat.completion.chunk",
    created: 0,
    model: "m",
    choices: [{ index: 0, delta, finish_reason: null, ...choice }],
    ...envelope,
  });
}

export function usageChunk(usage: Readonly<Record<string, unknown>>): string {
  return sse({ id: "chatcmpl-chaos", object: "chat.completion.chunk", created: 0, model: "m", choices: [], usage });
}

export const ROLE = chunk({ role: "assistant", content: "" });
export const FIRST_TEXT = chunk({ content: FIRST_PIECE });
const SECOND_TEXT = chunk({ content: SECOND_PIECE });
export const TEXT = FIRST_TEXT + SECOND_TEXT;
export const FINISH = chunk({}, { finish_reason: "stop" });
export const USAGE = usageChunk({ prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 });
export const DONE = sse("[DONE]");
/** Everything that a complete answer has. */
export const WHOLE_STREAM = ROLE + TEXT + FINISH + USAGE + DONE;

/** What a server says that does not heed that a stream was asked for. */
export const WHOLE_COMPLETION = {
  id: "chatcmpl-chaos",
  object: "chat.completion",
  created: 0,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: SAID }, finish_reason: "stop" }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
};

/** A part of a body of unknown length. */
export function httpChunk(bytes: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${Buffer.byteLength(bytes).toString(16)}\r\n`), Buffer.from(bytes), Buffer.from("\r\n")]);
}

const LAST_HTTP_CHUNK = "0\r\n\r\n";
export const CHUNKED = { ...STREAM_TYPE, "transfer-encoding": "chunked" };
/** Who heeds it ends an idle connection some time before that. */
const KEPT_ALIVE = { "keep-alive": "timeout=3" };

/** As a server in good health answers; the connection can be used again. */
export const healthyAnswer: Answer = async ({ path, wire }) => {
  if (path.endsWith("/models")) return wire.send(`${head(200, { ...JSON_TYPE, "content-length": "11" })}{"data":[]}`);
  await wire.send(head(200, { ...CHUNKED, ...KEPT_ALIVE }));
  await wire.send(httpChunk(ROLE + FIRST_TEXT));
  await wire.send(httpChunk(SECOND_TEXT + FINISH + USAGE + DONE));
  await wire.send(LAST_HTTP_CHUNK);
};
