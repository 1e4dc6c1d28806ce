import { z } from "zod";

export const rotateSecretsRequest = z.strictObject({}).meta({ id: "RotateSecretsRequest" });

export const secretRotation = z
  .strictObject({
    object: z.literal("secret_rotation"),
    root: z
      .enum(["file", "environment"])
      .describe("Where the root secret is kept: in the home, where it is made anew, or in BONFIRE_SECRET, where operators change it."),
    sealed: z.int().describe("Keys of upstreams that are kept, sealed."),
    resealed: z.int().describe("Those of them that were sealed under an earlier root secret until now."),
  })
  .meta({ id: "SecretRotation" });
export type SecretRotation = z.infer<typeof secretRotation>;
