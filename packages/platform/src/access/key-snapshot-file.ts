import { dialect } from "@bonfire/protocol/dialect";
import { keyRole } from "@bonfire/protocol/keys";
import { z } from "zod";
import { SnapshotFile, type SnapshotPlace } from "../storage/snapshot-file.ts";
import type { Caller } from "./caller.ts";

const savedCaller = z.strictObject({
  keyId: z.string(),
  keyName: z.string(),
  accountId: z.string(),
  projectId: z.string(),
  role: keyRole,
  dialect: dialect.exactOptional(),
}) satisfies z.ZodType<Caller>;

/** By the SHA-256 of their secret: no file holds a secret. */
const savedKeys = z.record(z.string().regex(/^[0-9a-f]{64}$/), savedCaller);

export function keySnapshotFile(place: SnapshotPlace): SnapshotFile<Caller> {
  return new SnapshotFile({ ...place, kind: "keys", entries: savedKeys });
}
