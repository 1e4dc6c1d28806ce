import { z } from "zod";
import { toldMetrics } from "../observability/platform-metrics.ts";
import { localDeployment } from "./local-deployment.ts";

/** From the primary process to a worker. */
export const toWorker = z.discriminatedUnion("type", [
  /** First of all. */
  z.object({
    type: z.literal("start"),
    platformId: z.string(),
    databaseUrl: z.string(),
    /** Unix seconds; the same for all workers. */
    servedSince: z.int(),
    local: z.array(localDeployment),
  }),
  /** After `ready`: takes connections from now on. */
  z.object({ type: z.literal("listen"), host: z.string(), port: z.int() }),
  /** All local models, each time that one of them has changed. */
  z.object({ type: z.literal("local"), deployments: z.array(localDeployment) }),
  z.object({ type: z.literal("ask"), id: z.int(), what: z.enum(["refresh", "metrics"]) }),
  /** Ends when its requests have ended. `patient`: clients go on elsewhere, and none of them is to notice. */
  z.object({ type: z.literal("stop"), patient: z.boolean() }),
  /** Running requests are cut. */
  z.object({ type: z.literal("cut") }),
]);
export type ToWorker = z.infer<typeof toWorker>;

const deploymentSeen = z.object({
  name: z.string(),
  inFlight: z.number(),
  breaker: z.enum(["closed", "open", "half_open"]),
  retryAtMs: z.number().exactOptional(),
  lastFailure: z.object({ message: z.string(), atMs: z.number() }).exactOptional(),
  firstTokenMs: z.number().exactOptional(),
});
export type DeploymentSeen = z.infer<typeof deploymentSeen>;

const workerReport = z.object({
  runningRequests: z.number(),
  runningAttempts: z.number(),
  waitingRows: z.number(),
  writeAheadBytes: z.number(),
  deployments: z.array(deploymentSeen),
});
export type WorkerReport = z.infer<typeof workerReport>;

/** From a worker to the primary process. */
export const toPrimary = z.discriminatedUnion("type", [
  /** It has begun, and waits for `start`. */
  z.object({ type: z.literal("hello") }),
  /** It could answer. */
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("listening") }),
  /** It could not start, or not listen, and ends. */
  z.object({ type: z.literal("failed"), message: z.string() }),
  /** How it is, once a second. */
  z.object({ type: z.literal("report"), report: workerReport }),
  z.object({ type: z.literal("told"), id: z.int(), metrics: toldMetrics.exactOptional() }),
  /** Its requests have ended; nothing more is counted. */
  z.object({ type: z.literal("farewell"), metrics: toldMetrics }),
]);
export type ToPrimary = z.infer<typeof toPrimary>;
