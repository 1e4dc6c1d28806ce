import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { ADMIN_SOCKET } from "@bonfire/platform/processes/admin-socket";
import { ensureSocketDirectory } from "@bonfire/platform/processes/socket-directory";
import { encodeFrame } from "@bonfire/protocol/sse";

interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
  /** Aborts when the caller hangs up before the answer is complete. */
  readonly signal: AbortSignal;
}

/** What to answer: JSON with a status, the events of a stream, or nothing but a broken line. */
type FakeAnswer =
  | { readonly status?: number; readonly json: unknown }
  | { readonly events: AsyncIterable<unknown> | Iterable<unknown> }
  | "hang up";

interface FakePlatform {
  /** The calls so far. */
  readonly calls: readonly Call[];
  stop(): Promise<void>;
}

/** By method and path, such as `GET /admin/v1/status`. */
type FakeRoutes = Readonly<Record<string, (call: Call) => FakeAnswer>>;

/** A server on the operator's socket of a home that answers as the test says. */
export async function startFakePlatform(home: string, routes: FakeRoutes): Promise<FakePlatform> {
  const directory = await ensureSocketDirectory(home);
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void readCall(request, response).then((call) => {
      calls.push(call);
      const route = routes[`${call.method} ${call.path}`];
      return send(response, route?.(call) ?? failed(404, "unknown_url", `There is no ${call.method} ${call.path}.`));
    });
  });
  server.listen(join(directory, ADMIN_SOCKET));
  await once(server, "listening");
  return {
    calls,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** An answer with the envelope of every failure. */
export function failed(status: number, code: string, message: string): FakeAnswer {
  return { status, json: { error: { message, type: "invalid_request_error", param: null, code } } };
}

async function readCall(request: IncomingMessage, response: ServerResponse): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString("utf8");
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: request.headers,
    body: text === "" ? undefined : JSON.parse(text),
    signal: gone.signal,
  };
}

async function send(response: ServerResponse, answer: FakeAnswer): Promise<void> {
  if (answer === "hang up") {
    response.socket?.destroy();
    return;
  }
  if ("json" in answer) {
    response.writeHead(answer.status ?? 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer.json));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  for await (const event of answer.events) {
    if (response.destroyed) return;
    if (event === "hang up") {
      response.socket?.destroy();
      return;
    }
    response.write(encodeFrame({ data: typeof event === "string" ? event : JSON.stringify(event) }));
  }
  response.end();
}
