import { z } from "zod";
import { durationText } from "./durations.ts";
import { timeouts } from "./upstreams.ts";

const NAME = "a model's name such as gpt-4o, or one that ends with a star, such as openai/*";
/** Parts with slashes between them, as models have them; the last one may be, or end with, a star. */
export const routeName = z
  .string(NAME)
  .max(200, NAME)
  .regex(/^(?:\*|[a-z0-9@][\w.:@#+~-]*(?:\/[a-z0-9@][\w.:@#+~-]*)*(?:\/?\*)?)$/i, NAME);

const DEPLOYMENT = "the name of a deployment such as together/meta-llama/Llama-3.3-70B-Instruct-Turbo or local/smollm2";
/** The first part names an upstream or `local`, the rest is the model's id there. A star stands for what the route's own star stood for. */
const deploymentName = z
  .string(DEPLOYMENT)
  .max(400, DEPLOYMENT)
  .regex(/^[a-z][a-z0-9-]*\/[^\p{Cc}\s]+$/u, DEPLOYMENT);

/** How long connecting may take is the upstream's own matter. */
const routeTimeouts = timeouts.omit({ connect: true }).meta({ id: "RouteTimeouts" });

const routeTarget = z
  .strictObject({
    deployment: deploymentName,
    weight: z
      .int()
      .min(0)
      .max(1_000)
      .default(1)
      .describe("Share of requests beside the others of its group; 0: none, unless the others fail."),
  })
  .meta({ id: "RouteTarget" });

/** All that are given must hold. */
const routeConditions = z
  .strictObject({
    projects: z.array(z.string().max(100)).min(1).optional(),
    keys: z.array(z.string().max(100)).min(1).optional().describe("Ids of API keys."),
    tags: z.array(z.string().max(100)).min(1).optional().describe("All of them stand in the request's `x-bonfire-tags`."),
    prompt_tokens: z
      .strictObject({ at_least: z.int().nonnegative().optional(), at_most: z.int().nonnegative().optional() })
      .refine(({ at_least = 0, at_most = Number.POSITIVE_INFINITY }) => at_least <= at_most, "at_least to be no more than at_most")
      .optional()
      .describe("An estimate: a quarter of the prompt's characters."),
    uses: z
      .array(z.enum(["images", "tools", "format", "reasoning", "logprobs"]))
      .min(1)
      .optional()
      .describe("The request uses all of these."),
  })
  .meta({ id: "RouteConditions" });
export type RouteConditions = z.infer<typeof routeConditions>;

const routeGroup = z
  .strictObject({
    deployments: z
      .array(routeTarget)
      .min(1)
      .max(100)
      .refine((targets) => new Set(targets.map(({ deployment }) => deployment)).size === targets.length, "each deployment once"),
    when: routeConditions.optional(),
  })
  .meta({ id: "RouteGroup" });

/** Classes of failures after which another attempt can be made. */
export const RETRY_CLASSES = [
  "connect",
  "timeout",
  "rate_limit",
  "server_error",
  "context_length",
  "content_policy",
  "unsupported",
] as const;
export type RetryClass = (typeof RETRY_CLASSES)[number];

export const routeDefinition = z
  .strictObject({
    model: routeName.describe("What clients name. A star at its end stands for any rest."),
    policy: z
      .enum(["weighted", "least_busy", "lowest_latency", "cheapest"])
      .default("weighted")
      .describe("How a deployment is chosen out of a group."),
    affinity: z
      .enum(["none", "session", "prefix"])
      .default("session")
      .describe(
        "What keeps related requests together, before the policy: the same `prompt_cache_key`, session header or `user`, or the longest beginning that prompts share.",
      ),
    groups: z
      .array(routeGroup)
      .min(1)
      .max(20)
      .describe("In order: the first one whose conditions hold is used, those behind it are its fallbacks."),
    retries: z
      .strictObject({
        attempts: z.int().min(1).max(10).default(3).describe("Most attempts of one request, the first one and fallbacks included."),
        on: z.array(z.enum(RETRY_CLASSES)).default([...RETRY_CLASSES]),
      })
      .prefault({}),
    timeouts: routeTimeouts.default({}).describe("Win over the upstream's own."),
    hedge: z
      .strictObject({
        after: z
          .union([z.literal("p95"), durationText])
          .default("p95")
          .describe("Without content for so long, a second attempt begins. `p95`: what 95 % of first tokens took."),
        share: z.number().gt(0).max(0.2).default(0.05).describe("Most of the requests that may be hedged."),
      })
      .optional(),
    cache: z
      .strictObject({ ttl: durationText.default("5m") })
      .optional()
      .describe("Equal requests of one project get the stored answer."),
  })
  .meta({ id: "RouteDefinition" });
export type RouteDefinition = z.infer<typeof routeDefinition>;

/** The name stands in the path; here it may be left out. */
export const putRouteRequest = routeDefinition.extend({ model: routeName.optional() }).meta({ id: "PutRouteRequest" });

export const route = z
  .strictObject({
    object: z.literal("route"),
    ...routeDefinition.shape,
    missing: z.array(z.string()).describe("Deployments that it names and that are not there now."),
    created_at: z.int(),
    etag: z.string(),
  })
  .meta({ id: "Route" });
export type Route = z.infer<typeof route>;

export const routeList = z.strictObject({ object: z.literal("list"), data: z.array(route) }).meta({ id: "RouteList" });
export const removedRoute = z
  .strictObject({ model: z.string(), object: z.literal("route"), deleted: z.literal(true) })
  .meta({ id: "RemovedRoute" });
