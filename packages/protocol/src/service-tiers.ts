import { z } from "zod";

/** How urgent a request is, in OpenAI's words; Fireworks has `priority` alone. `scale` is capacity that was bought beforehand, which is not sold here. */
export const askedServiceTier = z
  .enum(["auto", "default", "flex", "priority", "scale"])
  .nullish()
  .describe("`priority` goes before `default`, `flex` after it; passed on to upstreams that sell such classes.");
export type AskedServiceTier = NonNullable<z.infer<typeof askedServiceTier>>;

/** The one that a request was served in. */
export const serviceTier = z.enum(["default", "flex", "priority"]);
export type ServiceTier = z.infer<typeof serviceTier>;
