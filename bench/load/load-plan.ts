import { z } from "zod";

/** Where a server listens: a port of 127.0.0.1, or a unix socket. */
const address = z.union([z.strictObject({ port: z.int() }), z.strictObject({ socketPath: z.string() })]);

const request = z.strictObject({
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  /** JSON. */
  body: z.string(),
});

/** What the load generator is asked to do; the process takes one plan after the other. */
export const loadPlan = z.discriminatedUnion("kind", [
  /** Each connection sends its next request when its answer is complete. */
  z.strictObject({ kind: z.literal("closed"), address, request, connections: z.int().positive(), durationMs: z.number().positive() }),
  /** Requests at fixed times, whatever becomes of the earlier ones. */
  z.strictObject({
    kind: z.literal("open"),
    address,
    request,
    /** Opened before the first request; more are opened when all are busy. */
    connections: z.int().positive(),
    ratePerSecond: z.number().positive(),
    durationMs: z.number().positive(),
  }),
  /** All requests at once, each on a connection of its own. */
  z.strictObject({ kind: z.literal("together"), address, requests: z.array(request).min(1) }),
  /** One more request beside streams that run already; these are hung up when it is answered. */
  z.strictObject({ kind: z.literal("beside"), address, running: z.array(request).min(1), intruder: request }),
]);

const quantiles = z.strictObject({ p50: z.number(), p90: z.number(), p99: z.number(), max: z.number() });

/** Times in milliseconds. Latencies of an open loop count from the moment a request was due. */
export const loadSummary = z.strictObject({
  /** Complete answers. */
  answers: z.int(),
  failures: z.int(),
  /** What was wrong with the first ones. */
  firstFailures: z.array(z.string()),
  /** From the first request to the last answer. */
  elapsedMs: z.number(),
  /** Server-sent events, comments left out. */
  events: z.int(),
  promptTokens: z.int(),
  completionTokens: z.int(),
  latencyMs: quantiles,
  /** To the first event with text in it. */
  firstContentMs: quantiles,
  /** How late the generator itself was with its requests. */
  latenessMs: quantiles,
  /** Longest time between two events of one of the running streams, from when the request beside them was sent until its answer was complete. */
  longestGapMs: z.number(),
  /** Running streams that got an event after the first event of the request beside them. */
  stillRunning: z.int(),
});

export type Address = z.infer<typeof address>;
export type LoadRequest = z.infer<typeof request>;
export type LoadPlan = z.infer<typeof loadPlan>;
export type LoadSummary = z.infer<typeof loadSummary>;
