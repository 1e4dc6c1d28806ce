// The mock replica's process: an OpenAI-compatible server that answers by the clock and counts what it was asked. It computes nothing, but
// checks each request as a server would.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { announce } from "../processes/helper-server.ts";
import { MOCK_SHAPES, type MockShape } from "./mock-shapes.ts";

const chatRequest = z.object({
  model: z.enum(Object.keys(MOCK_SHAPES)),
  messages: z.array(z.object({ role: z.string().min(1), content: z.string() })).min(1),
  /** The answer has exactly so many tokens, one in each event. */
  max_tokens: z.int().positive(),
  stream: z.boolean().optional(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
});
type ChatRequest = z.infer<typeof chatRequest>;

const PROMPT_TOKENS = 12;
/** At full speed several events go out with one write, as the kernel would join them anyway: the mock must not be what is measured. */
const EVENTS_PER_WRITE = 32;

/** By model: every request that was understood counts when it arrives, with the tokens of its whole answer. */
const counts = Object.fromEntries(Object.keys(MOCK_SHAPES).map((model) => [model, { requests: 0, completionTokens: 0 }]));
let refused = 0;
let lastId = 0;

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    // A client that hangs up is no failure of the mock.
    if (!response.destroyed) response.destroy(error instanceof Error ? error : new Error(String(error)));
  });
});
server.keepAliveTimeout = 75_000;
announce(server);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === "/v1/models") {
    const data = Object.keys(MOCK_SHAPES).map((id) => ({ id, object: "model", created: 0, owned_by: "mock" }));
    return sendJson(response, 200, { object: "list", data });
  }
  if (request.url === "/counts") return sendJson(response, 200, { models: counts, refused });
  const body = chatRequest.safeParse(parseJson(await readText(request)));
  if (request.url !== "/v1/chat/completions" || !body.success) {
    refused++;
    const message = body.success ? `unknown path ${request.url}` : z.prettifyError(body.error);
    return sendJson(response, 400, { error: { message, type: "invalid_request_error", param: null, code: null } });
  }
  const { model, max_tokens: tokens, stream = false } = body.data;
  const shape = MOCK_SHAPES[model] ?? { firstMs: 0, gapMs: 0 };
  const count = counts[model];
  if (count !== undefined) {
    count.requests++;
    count.completionTokens += tokens;
  }
  if (stream) await sendStream(response, body.data, shape);
  else await sendWhole(response, body.data, shape);
}

async function sendWhole(
  response: ServerResponse,
  { model, max_tokens: tokens }: ChatRequest,
  { firstMs, gapMs }: MockShape,
): Promise<void> {
  const waitMs = firstMs + gapMs * (tokens - 1);
  if (waitMs > 0) await delay(waitMs);
  const content = Array.from({ length: tokens }, (_, index) => word(index)).join("");
  const choice = { index: 0, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason: "length" };
  sendJson(response, 200, { id: nextId(), object: "chat.completion", created: now(), model, choices: [choice], usage: usage(tokens) });
}

async function sendStream(response: ServerResponse, request: ChatRequest, { firstMs, gapMs }: MockShape): Promise<void> {
  const { model, max_tokens: tokens, stream_options: options } = request;
  const envelope = JSON.stringify({ id: nextId(), object: "chat.completion.chunk", created: now(), model }).slice(0, -1);
  const event = (delta: string, finishReason = "null") =>
    `data: ${envelope},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finishReason}}]}\n\n`;
  const usageEvent = options?.include_usage === true ? `data: ${envelope},"choices":[],"usage":${JSON.stringify(usage(tokens))}}\n\n` : "";
  const end = `${event("{}", '"length"')}${usageEvent}data: [DONE]\n\n`;

  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  let batch = event('{"role":"assistant","content":""}');
  const perWrite = gapMs > 0 ? 1 : EVENTS_PER_WRITE;
  if (firstMs > 0) {
    response.write(batch);
    batch = "";
    await delay(firstMs);
  }
  for (let index = 0; index < tokens; index++) {
    if (index > 0 && gapMs > 0) await delay(gapMs);
    batch += event(`{"content":"${word(index)}"}`);
    if ((index + 1) % perWrite !== 0 || index === tokens - 1) continue;
    if (!response.write(batch)) await once(response, "drain");
    batch = "";
    if (response.destroyed) return;
  }
  response.end(batch + end);
}

/** Numbered, since some proxies take equal chunks for a loop and stop. */
function word(index: number): string {
  return `t${index} `;
}

function usage(tokens: number): Record<string, number> {
  return { prompt_tokens: PROMPT_TOKENS, completion_tokens: tokens, total_tokens: PROMPT_TOKENS + tokens };
}

function nextId(): string {
  lastId++;
  return `chatcmpl-mock-${lastId}`;
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

/** By its events, which cost half of what iterating costs: the mock must be much faster than what stands in front of it. */
function readText(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (piece: string) => {
      text += piece;
    });
    request.on("end", () => resolve(text));
    request.on("error", reject);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
