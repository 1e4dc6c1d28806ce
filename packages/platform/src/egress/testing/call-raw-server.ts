import { EngineError } from "../../engine/engine-error.ts";
import { bearer } from "../bearer.ts";
import { ReplicaHttp } from "../replica-http.ts";
import { type RawScript, type RawServer, startRawServer } from "./raw-server.ts";

const closers: (() => Promise<void>)[] = [];
/** For `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

/** Closed by `closeAll`, the last first. */
export function closeLater(...more: readonly (() => Promise<void>)[]): void {
  closers.push(...more);
}

type Options = Partial<ConstructorParameters<typeof ReplicaHttp>[0]>;

export const readError = (status: number, body: string, retryAfterMs: number | undefined) =>
  new EngineError(status === 429 ? "rate-limited" : status === 401 || status === 403 ? "refused" : "overloaded", "no", {
    status,
    upstreamBody: body,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

/** A server that answers by a script, and a client of it. */
export async function against(script: RawScript, options: Options = {}): Promise<{ http: ReplicaHttp; server: RawServer }> {
  const server = await startRawServer(script);
  const http = new ReplicaHttp({
    address: { kind: "url", url: server.url },
    credentials: bearer("sk-canary"),
    readError,
    keepConnections: true,
    ...options,
  });
  closeLater(server.close, () => http.close());
  return { http, server };
}

export const inTime = () => AbortSignal.timeout(20_000);

export async function eventsOf(http: ReplicaHttp, signal = inTime()): Promise<string[]> {
  const events: string[] = [];
  for await (const batch of http.postForEvents("chat", { body: {}, signal })) events.push(...batch);
  return events;
}

export async function failureOf(work: Promise<unknown>): Promise<EngineError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EngineError) return error;
  throw new Error("It did not fail as an engine does.", { cause: error });
}

export const SSE = { "content-type": "text/event-stream" };
export const JSON_TYPE = { "content-type": "application/json" };
