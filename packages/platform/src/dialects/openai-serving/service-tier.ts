import type { AskedServiceTier, ServiceTier } from "@bonfire/protocol/service-tiers";
import type { GenerateRequest } from "../../engine/generation.ts";

/** What a request asks for; capacity that somebody bought elsewhere is the default here. */
export function readServiceTier(asked: AskedServiceTier | null | undefined): GenerateRequest["serviceTier"] {
  return asked === "scale" ? "default" : (asked ?? undefined);
}

/** What its answer says that it was served as: `auto` becomes the default. Undefined where it asked for nothing. */
export function servedTier(tier: GenerateRequest["serviceTier"]): ServiceTier | undefined {
  return tier === "auto" ? "default" : tier;
}
