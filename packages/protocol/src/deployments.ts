import { z } from "zod";
import { tokenPrices } from "./upstreams.ts";

export const deployment = z
  .strictObject({
    object: z.literal("deployment"),
    name: z.string().describe("`local/MODEL` or `UPSTREAM/MODEL`."),
    model: z.string().describe("The id under which it serves the model."),
    engine: z.string(),
    state: z.enum(["unloaded", "queued", "loading", "ready", "restarting", "unloading", "failed"]),
    draining: z.boolean().describe("Takes no new requests; running ones end."),
    breaker: z.enum(["closed", "open", "half_open"]),
    retry_at: z.int().nullable().describe("When it is tried again, Unix seconds."),
    last_failure: z.string().nullable().describe("Why its breaker opened, or why it failed last."),
    in_flight: z.int().describe("Requests that this gateway has there."),
    max_concurrent: z.int().nullable().describe("Most requests at once, over all gateways."),
    first_token_ms: z.number().nullable().describe("A moving average that jumps up at once and comes down slowly."),
    context_length: z.int().nullable(),
    price: tokenPrices.nullable(),
  })
  .meta({ id: "Deployment" });
export type Deployment = z.infer<typeof deployment>;

export const deploymentList = z.strictObject({ object: z.literal("list"), data: z.array(deployment) }).meta({ id: "DeploymentList" });
export const changeDeploymentRequest = z.strictObject({ draining: z.boolean() }).meta({ id: "ChangeDeploymentRequest" });
