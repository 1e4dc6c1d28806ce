import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Dialect } from "@bonfire/protocol/dialect";
import { ApiError } from "@bonfire/protocol/errors";
import { newId } from "@bonfire/protocol/ids";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { Caller } from "../access/caller.ts";
import { readSecret } from "../access/credentials.ts";
import { chooseDialect } from "../dialects/choose-dialect.ts";
import { writeErrorBody } from "../dialects/error-bodies.ts";
import { wayHeaders } from "../endpoints/answer-headers.ts";
import { type Answer, type Endpoint, type FailureFormat, type RequestFacts, ToldFailure } from "../endpoints/endpoint.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { RequestTrace, Tracing } from "../observability/trace.ts";
import { readInferencePath } from "./base-path.ts";
import { allowOrigins } from "./cors.ts";
import { writeEventStream } from "./event-stream.ts";
import { toApiError } from "./failure.ts";
import { parseJsonBody } from "./json-body.ts";
import { logRequest } from "./request-log.ts";

export interface HttpServerOptions {
  readonly endpoints: readonly Endpoint[];
  /** Says who holds a secret, or throws an `ApiError`. Absent where being able to connect is the authority (the operator's socket). */
  readonly authenticate?: (secret: string) => Caller;
  /** Web pages of these origins may call from a browser; `*` is all of them. Absent: none. */
  readonly corsOrigins?: readonly string[];
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, "requestEnded">;
  readonly tracing: Pick<Tracing, "startRequest">;
  readonly bodyLimitBytes: number;
  readonly keepAliveMs: number;
  /** Aborts when the platform no longer waits for running requests. */
  readonly shutdown: AbortSignal;
}

/** What is noted about a request from its arrival to its log line. */
interface RequestState {
  readonly arrivedAt: number;
  /** Its pattern; undefined where none matched. */
  readonly route: string | undefined;
  /** Of a method that the path does not take, another one's: their failures look alike. */
  readonly endpoint: Endpoint | undefined;
  readonly facts: RequestFacts;
  readonly trace: RequestTrace;
  caller: Caller | undefined;
  failure: ApiError | undefined;
  /** Stops what works for the request; undefined until its endpoint is asked. */
  abort: AbortController | undefined;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Undefined until the request is observed. On the request itself: a map with weak keys costs the collector more than all that is in it. */
    observed: RequestState | undefined;
  }
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"] as const;

/** The HTTP edge: the only place that reads requests from and writes answers to a socket. */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { logger, metrics, tracing, bodyLimitBytes } = options;
  const dialectsOfPaths = new WeakMap<IncomingMessage, Dialect>();
  const app = Fastify({
    bodyLimit: bodyLimitBytes,
    rewriteUrl: (request) => {
      const path = readInferencePath(request.url ?? "/");
      if (path?.dialect !== undefined) dialectsOfPaths.set(request, path.dialect);
      return path?.url ?? request.url ?? "/";
    },
    genReqId: () => newId("req"),
    logger: false,
    forceCloseConnections: "idle",
    // A URL that cannot be read reaches no hook.
    frameworkErrors: (error, request, reply) => {
      observe(request, reply);
      sendFailure(error, request, reply);
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1_000 },
  });
  app.decorateRequest("observed", undefined);
  const stateOf = (request: FastifyRequest): RequestState => {
    request.observed ??= beginState(request);
    return request.observed;
  };

  const beginState = (request: FastifyRequest): RequestState => {
    const arrivedAt = performance.now();
    const { id: requestId, method, headers } = request;
    // Built anew each time that it is asked for.
    const { url } = request.routeOptions;
    const route = request.is404 ? undefined : url;
    const endpoints = byPath.get(url ?? "");
    const endpoint = endpoints?.find((candidate) => candidate.method === method) ?? endpoints?.[0];
    const trace = tracing.startRequest({ headers, method, route, requestId, arrivedAt });
    return { arrivedAt, route, endpoint, facts: {}, trace, caller: undefined, failure: undefined, abort: undefined };
  };

  const dialectOf = (request: FastifyRequest): Dialect =>
    chooseDialect({
      path: dialectsOfPaths.get(request.raw),
      key: request.observed?.caller?.dialect,
      userAgent: request.headers["user-agent"],
    });
  const byPath = groupByPath(options.endpoints);
  const failureFormats = [...new Set(options.endpoints.flatMap(({ failures }) => failures ?? []))];
  const failureFormatOf = (request: FastifyRequest): FailureFormat | undefined => {
    const { endpoint } = stateOf(request);
    return endpoint === undefined ? failureFormats.find(({ clientHeader }) => clientHeader in request.headers) : endpoint.failures;
  };

  function describeFailure(failure: ApiError, request: FastifyRequest): unknown {
    const format = failureFormatOf(request);
    return format === undefined ? writeErrorBody(failure, dialectOf(request)) : format.body(failure, request.id);
  }

  // One listener for all: joining the signal that lives as long as the platform with each request's own would pile up.
  const running = new Set<AbortController>();
  options.shutdown.addEventListener("abort", () => {
    for (const abort of running) abort.abort(options.shutdown.reason);
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (request, text, done) => {
    // Some SDKs name the type of a body on calls that have none, such as DELETE.
    if (text === "") {
      done(null, undefined);
      return;
    }
    try {
      done(null, parseJsonBody(String(text), request.headers["content-type"]));
    } catch (error) {
      done(toApiError(error, bodyLimitBytes));
    }
  });

  function observe(request: FastifyRequest, reply: FastifyReply): void {
    const state = stateOf(request);
    reply.header("x-request-id", request.id);
    const ownHeader = failureFormatOf(request)?.requestIdHeader;
    if (ownHeader !== undefined) reply.header(ownHeader, request.id);
    // Comes once for every request, also when the client hangs up, of which Fastify's own hook hears nothing.
    reply.raw.on("close", () => {
      const durationMs = performance.now() - state.arrivedAt;
      const { abort } = state;
      if (abort !== undefined) {
        running.delete(abort);
        if (!reply.raw.writableFinished) abort.abort(new ClientGone());
      }
      // In the next turn: by then an answer that was cut off has told what it cost.
      setImmediate(() => {
        const { trace, failure, facts, caller, route } = state;
        const status = logRequest(logger, { request, response: reply.raw, durationMs, facts, caller, failure });
        metrics.requestEnded({ method: request.method, route, status, durationMs });
        trace.end({ status, errorCode: failure?.code, routing: facts });
      });
    });
  }
  app.addHook("onRequest", (request, reply, done) => {
    observe(request, reply);
    done();
  });
  // Before a key is asked for, of which a preflight has none.
  if (options.corsOrigins !== undefined && options.corsOrigins.length > 0) allowOrigins(app, options.corsOrigins);

  function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const failure = toApiError(error, bodyLimitBytes);
    stateOf(request).failure = failure;
    // Fastify would close on a client that still sends a body that is too large, which then sees a broken pipe instead of the answer.
    reply.removeHeader("connection");
    return reply
      .code(failure.status)
      .headers({ "x-request-id": request.id, ...wayHeaders(stateOf(request).facts), ...failure.headers })
      .send(describeFailure(failure, request));
  }
  app.setErrorHandler((error, request, reply) => sendFailure(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const baseUrl = `${request.protocol}://${request.headers.host ?? "HOST"}/v1`;
    const message = `Unknown request URL: ${request.method} ${pathOf(request)}. The base URL of this API is ${baseUrl}.`;
    return sendFailure(new ApiError("unknown_url", message), request, reply);
  });

  const authorize = (endpoint: Endpoint, request: FastifyRequest): void => {
    if (endpoint.permission === "public" || options.authenticate === undefined) return;
    const secret = readSecret(request.headers);
    if (secret === undefined) {
      throw new ApiError("invalid_api_key", "You didn't provide an API key. Send it as `Authorization: Bearer KEY`.");
    }
    const caller = options.authenticate(secret);
    stateOf(request).caller = caller;
    if (endpoint.permission === "admin" && caller.role !== "admin") {
      throw new ApiError("permission_denied", "This needs a key with the role 'admin'.");
    }
  };

  const handle = async (endpoint: Endpoint, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const state = stateOf(request);
    const { caller, facts, trace, arrivedAt } = state;
    const abort = new AbortController();
    const { signal } = abort;
    state.abort = abort;
    if (options.shutdown.aborted) abort.abort(options.shutdown.reason);
    // Of a client that has left already no more is heard.
    if (reply.raw.destroyed) abort.abort(new ClientGone());
    else running.add(abort);
    try {
      const answer = await endpoint.handle(
        {
          id: request.id,
          url: request.originalUrl,
          dialect: dialectOf(request),
          body: request.body,
          params: readParams(request.params),
          query: request.query,
          header: (name) => firstOf(request.headers[name]),
          signal,
          arrivedAt,
          facts,
          trace,
        },
        caller,
      );
      await write(answer, request, reply, signal);
    } catch (error) {
      if (!(signal.reason instanceof ClientGone)) throw error;
      // Nobody is left to tell.
      if (!reply.sent) reply.hijack();
      reply.raw.destroy();
    }
  };

  const write = async (answer: Answer, request: FastifyRequest, reply: FastifyReply, signal: AbortSignal): Promise<void> => {
    if ("json" in answer) {
      writeJson(answer, reply);
      return;
    }
    if ("text" in answer) {
      await reply.type(answer.contentType).send(answer.text);
      return;
    }
    if ("body" in answer) {
      const { status, headers, body } = answer;
      reply.hijack();
      reply.raw.writeHead(status, { ...headers, ...headersOf(reply) });
      await pipeline(body, reply.raw, { signal });
      return;
    }
    await writeEventStream(reply.raw, answer.frames, {
      // What hooks have set goes past Fastify from here on.
      headers: () => ({ ...headersOf(reply), ...answer.headers?.() }),
      keepAliveMs: options.keepAliveMs,
      signal,
      // Until then a failure still has a status of its own, which Fastify writes.
      onBegin: () => reply.hijack(),
      describeFailure: (error) => {
        if (error instanceof ToldFailure) {
          stateOf(request).failure = error.failure;
          return undefined;
        }
        const failure = toApiError(error, bodyLimitBytes);
        stateOf(request).failure = failure;
        const format = failureFormatOf(request);
        if (format !== undefined) return { event: format.event, data: JSON.stringify(format.body(failure, request.id)) };
        // An object whatever the dialect: no client's stream reader knows a bare string.
        return { data: JSON.stringify(failure.body) };
      },
    });
  };

  for (const [path, endpoints] of byPath) {
    for (const endpoint of endpoints) {
      app.route({
        method: endpoint.method,
        url: path,
        onRequest: (request, _reply, done) => {
          try {
            authorize(endpoint, request);
          } catch (error) {
            done(toApiError(error, bodyLimitBytes));
            return;
          }
          done();
        },
        handler: (request, reply) => handle(endpoint, request, reply),
      });
    }
    const allowed: string[] = endpoints.map((endpoint) => endpoint.method);
    app.route({
      method: METHODS.filter((method) => !allowed.includes(method)),
      url: path,
      // Before the body is read: it does not matter any more.
      onRequest: async (request) => {
        const message = `${request.method} is not allowed for ${pathOf(request)}; use ${allowed.join(" or ")}.`;
        throw new ApiError("method_not_allowed", message, { headers: { allow: allowed.join(", ") } });
      },
      handler: () => undefined,
    });
  }
  return app;
}

/** Past Fastify, whose own way takes several times as long and does nothing more. */
function writeJson({ status = 200, headers, json }: Extract<Answer, { json: unknown }>, reply: FastifyReply): void {
  const body = JSON.stringify(json);
  reply.hijack();
  reply.raw.writeHead(status, {
    ...headersOf(reply),
    ...headers,
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
  });
  reply.raw.end(body);
}

/** The reason of a signal that aborted because the client closed its connection. */
class ClientGone extends Error {
  override readonly name = "ClientGone";
}

function groupByPath(endpoints: readonly Endpoint[]): Map<string, Endpoint[]> {
  const byPath = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    for (const path of endpoint.paths) byPath.set(path, [...(byPath.get(path) ?? []), endpoint]);
  }
  return byPath;
}

function readParams(params: unknown): Record<string, string> {
  if (typeof params !== "object" || params === null) return {};
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));
}

function headersOf(reply: FastifyReply): Record<string, string> {
  const set: Record<string, string> = {};
  for (const [name, value] of Object.entries(reply.getHeaders())) set[name] = String(value);
  return set;
}

function firstOf(values: string | string[] | undefined): string | undefined {
  return typeof values === "string" ? values : values?.[0];
}

/** As the client wrote it, without the query, which may hold what no log should. */
function pathOf({ originalUrl }: FastifyRequest): string {
  return originalUrl.split("?", 1)[0] ?? originalUrl;
}
