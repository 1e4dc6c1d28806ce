import { z } from "zod";
import { aliasName } from "./aliases.ts";
import { routeDefinition } from "./routes.ts";
import { upstreamResource } from "./upstreams.ts";

const aliasResource = z.strictObject({ name: aliasName, model: z.string().min(1).max(500) }).meta({ id: "AliasResource" });

/** What a resources file holds. An absent kind is left alone. */
export const resources = z
  .strictObject({
    upstreams: z.array(upstreamResource).max(1_000).optional(),
    routes: z.array(routeDefinition).max(10_000).optional(),
    aliases: z.array(aliasResource).max(10_000).optional(),
  })
  .meta({ id: "Resources" });
export type Resources = z.infer<typeof resources>;

export const applyRequest = z
  .strictObject({
    resources,
    dry_run: z.boolean().default(false).describe("Only tells what would change."),
    prune: z.boolean().default(false).describe("Also removes what is there and does not stand in a kind that the file has."),
  })
  .meta({ id: "ApplyRequest" });
export type ApplyRequest = z.infer<typeof applyRequest>;

const change = z
  .strictObject({
    kind: z.enum(["upstream", "route", "alias"]),
    name: z.string(),
    action: z.enum(["create", "update", "delete", "unchanged"]),
    fields: z
      .array(z.strictObject({ path: z.string(), before: z.unknown(), after: z.unknown() }))
      .describe("What differs; values of keys are told as their last characters."),
  })
  .meta({ id: "ResourceChange" });
export type ResourceChange = z.infer<typeof change>;

export const applyResult = z
  .strictObject({
    object: z.literal("apply_result"),
    applied: z.boolean().describe("False after a dry run, and where nothing changes."),
    changes: z.array(change),
    warnings: z.array(z.string()).describe("What is taken but will not work as it stands: deployments that are not there."),
  })
  .meta({ id: "ApplyResult" });
export type ApplyResult = z.infer<typeof applyResult>;
