import { createHash } from "node:crypto";
import { type Upstream, upstreamDefinition, upstreamModel } from "@bonfire/protocol/upstreams";
import { z } from "zod";

const sealedKey = z.strictObject({
  name: z.string(),
  /** As `secrets/` writes it. */
  sealed: z.string(),
  fingerprint: z.string(),
  hint: z.string(),
  /** Milliseconds since 1970. */
  createdAt: z.int(),
});
/** A key of an upstream, as it is kept. */
export type SealedKey = z.infer<typeof sealedKey>;

/** What every gateway has to know of an upstream. */
export const knownUpstream = z.strictObject({
  definition: upstreamDefinition,
  /** In the order in which they take turns. */
  keys: z.array(sealedKey),
  /** What its own list of models said when it was last read; null before. */
  listed: z.array(upstreamModel).nullable(),
});
export type KnownUpstream = z.infer<typeof knownUpstream>;

/** An upstream with what only operators look at. */
export interface StoredUpstream extends KnownUpstream {
  readonly listedAt: Date | null;
  readonly listError: string | null;
  readonly createdAt: Date;
}

/** The same for the same definition and keys, and for no other; in the quotes in which HTTP has it. */
export function upstreamEtag({ definition, keys }: KnownUpstream): string {
  const content = JSON.stringify([definition, keys.map(({ name, fingerprint }) => [name, fingerprint])]);
  return `"${createHash("sha256").update(content).digest("hex").slice(0, 32)}"`;
}

/** As operators see it. */
export function describeUpstream(upstream: StoredUpstream, source: Upstream["source"]): Upstream {
  const { definition, keys, listed, listedAt, listError, createdAt } = upstream;
  return {
    object: "upstream",
    ...definition,
    keys: keys.map((key) => ({ name: key.name, hint: key.hint, created_at: Math.floor(key.createdAt / 1_000) })),
    listed_models: listed?.length ?? 0,
    listed_at: listedAt === null ? null : Math.floor(listedAt.getTime() / 1_000),
    list_error: listError,
    source,
    created_at: Math.floor(createdAt.getTime() / 1_000),
    etag: upstreamEtag(upstream),
  };
}
