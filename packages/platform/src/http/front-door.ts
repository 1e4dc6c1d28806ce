import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import { Server as NetServer } from "node:net";
import type { Duplex } from "node:stream";
import { ApiError } from "@bonfire/protocol/errors";
import type { Readiness } from "@bonfire/protocol/health";
import { newId } from "@bonfire/protocol/ids";
import type { FastifyInstance } from "fastify";

/** Longer than load balancers keep idle connections (60 s), so that they never write into one that was just closed. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
/** How often connections are looked for that fell idle while the door is closing. */
const IDLE_SWEEP_MS = 50;

/** A listening server that is there before the application behind it: a taken port shows at once, and probes get an answer while a model is fetched. */
export class FrontDoor {
  readonly server: Server;
  #app: FastifyInstance | undefined;
  #isDraining = false;

  constructor() {
    this.server = createServer((request, response) => {
      if (this.#isDraining) response.setHeader("connection", "close");
      if (this.#app === undefined) answerWhileStarting(request, response);
      else this.#app.routing(request, response);
    });
    this.server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
    this.server.on("clientError", (error, socket) => refuseUnreadable(error, socket));
  }

  async open(app: FastifyInstance): Promise<void> {
    await app.ready();
    this.#app = app;
  }

  /**
   * Accepts no more connections, for a server whose clients go on elsewhere: none of them is to notice. Each kept connection is closed with its
   * next answer, or when its time has run out: a request may be under way on one that looks idle. Settles when none is left.
   */
  async drain(): Promise<void> {
    this.#isDraining = true;
    const closed = once(this.server, "close");
    // The HTTP server's own `close` would cut idle connections at once.
    NetServer.prototype.close.call(this.server);
    await closed;
  }

  /** Accepts no more connections and waits until those that are busy have got their answers. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, "close");
    this.server.close();
    const sweep = setInterval(() => this.server.closeIdleConnections(), IDLE_SWEEP_MS);
    await closed;
    clearInterval(sweep);
  }
}

function answerWhileStarting(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.split("?", 1)[0];
  const starting: Readiness = { status: "starting", models: {} };
  const failure = new ApiError("model_unavailable", "The platform is starting; try again in a moment.", { retryAfterSeconds: 2 });
  if (path === "/health") answer(response, 200, { status: "ok" });
  else if (path === "/ready") answer(response, 503, starting);
  else answer(response, failure.status, failure.body, failure.headers);
}

/** What Node cannot read as a request never becomes one: it is answered on the bare socket, in the API's error shape all the same. */
function refuseUnreadable(error: Error, socket: Duplex): void {
  const code = "code" in error ? error.code : undefined;
  // The client hung up; nobody is left to tell.
  if (code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const failure = unreadable(code);
  const body = JSON.stringify(failure.body);
  const head = [
    `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status]}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${newId("req")}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

function unreadable(code: unknown): ApiError {
  if (code === "HPE_HEADER_OVERFLOW") return new ApiError("headers_too_large", "The headers of this request are too large.");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new ApiError("request_timeout", "The request did not arrive in time.");
  return new ApiError("malformed_request", "This is not a valid HTTP request.");
}

function answer(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "x-request-id": newId("req"), ...headers });
  response.end(JSON.stringify(body));
}
