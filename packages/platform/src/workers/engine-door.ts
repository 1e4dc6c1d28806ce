import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { ModelClient } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import { encodeFailure } from "../engines/relayed/relay-failure.ts";
import {
  decodeCall,
  decodeRequest,
  decodeTokenizeRequest,
  decodeTokens,
  encodeEvent,
  LOADED,
  RELAY_PATHS,
} from "../engines/relayed/relay-wire.ts";
import type { ModelLease } from "../routing/deployment.ts";

/** Finds the engine of a model, and loads it where it is not loaded. */
export type AcquireModel = (model: string, signal: AbortSignal) => Promise<ModelLease>;

type Ask = (client: ModelClient, request: unknown, signal: AbortSignal) => Promise<unknown>;

/** Longer than clients keep idle connections. */
const KEEP_ALIVE_MS = 60_000;
/** A long prompt is read in silence; the other side takes silence for death. */
const COMMENT_MS = 15_000;

/**
 * The engines of this process for the others of the same platform: a server for a private socket, which whoever made it lets listen. Hanging up
 * stops an engine as an aborted signal does.
 */
export function createEngineDoor(acquire: AcquireModel): Server {
  const server = createServer((request, response) => {
    void answer(request, response, acquire).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // A long prompt with pictures in it may be slow to arrive, and an answer takes its time.
  server.requestTimeout = 0;
  return server;
}

const QUESTIONS: Readonly<Record<string, Ask>> = {
  [RELAY_PATHS.tokenize]: async ({ tokenize }, request, signal) => ({
    tokens: await required(tokenize, "tokenize")(decodeTokenizeRequest(request), signal),
  }),
  [RELAY_PATHS.detokenize]: async ({ detokenize }, request, signal) => ({
    text: await required(detokenize, "detokenize")(decodeTokens(request), signal),
  }),
  [RELAY_PATHS.health]: (client, _, signal) => client.health(signal),
};

async function answer(request: IncomingMessage, response: ServerResponse, acquire: AcquireModel): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort(new Error("the other process hung up")));
  const path = request.url?.slice(1) ?? "";
  const call = decodeCall(await readBody(request));
  const ask = QUESTIONS[path];
  if (ask !== undefined) {
    const told = await withLease(acquire, call.model, gone.signal, (client) => ask(bound(client), call.request, gone.signal)).catch(
      encodeFailure,
    );
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(told));
    return;
  }
  if (path !== RELAY_PATHS.generate && path !== RELAY_PATHS.load) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  const comments = setInterval(() => response.write(":\n\n"), COMMENT_MS);
  try {
    await withLease(acquire, call.model, gone.signal, async (client) => {
      if (path === RELAY_PATHS.load) await write(response, LOADED, gone.signal);
      else await relay(client, call.request, response, gone.signal);
    });
  } catch (error) {
    if (!gone.signal.aborted) await write(response, JSON.stringify(encodeFailure(error)), gone.signal);
  } finally {
    clearInterval(comments);
  }
  response.end();
}

async function relay(client: ModelClient, request: unknown, response: ServerResponse, signal: AbortSignal): Promise<void> {
  if (client.generate === undefined) throw new EngineError("unsupported", "The engine does not generate text.", { param: "model" });
  for await (const event of client.generate(decodeRequest(request), signal)) await write(response, encodeEvent(event), signal);
}

async function withLease<Value>(
  acquire: AcquireModel,
  model: string,
  signal: AbortSignal,
  use: (client: ModelClient) => Promise<Value>,
): Promise<Value> {
  const lease = await acquire(model, signal);
  try {
    return await use(lease.client);
  } finally {
    lease.release();
  }
}

/** No faster than the other side reads. */
async function write(response: ServerResponse, data: string, signal: AbortSignal): Promise<void> {
  if (!response.write(`data: ${data}\n\n`)) await once(response, "drain", { signal });
}

function required<Member>(member: Member | undefined, what: string): Member {
  if (member === undefined) throw new EngineError("unsupported", `The engine does not ${what}.`, { param: "model" });
  return member;
}

/** Its members, callable by themselves. */
function bound(client: ModelClient): ModelClient {
  const { tokenize, detokenize } = client;
  return {
    health: (signal) => client.health(signal),
    close: () => client.close(),
    ...(tokenize === undefined ? {} : { tokenize: tokenize.bind(client) }),
    ...(detokenize === undefined ? {} : { detokenize: detokenize.bind(client) }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = "";
  request.setEncoding("utf8");
  for await (const part of request) text += part;
  return text;
}
