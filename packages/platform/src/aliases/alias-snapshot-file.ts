import { z } from "zod";
import { SnapshotFile } from "../storage/snapshot-file.ts";

export function aliasSnapshotFile(place: { readonly path: string; readonly database: string }): SnapshotFile<string> {
  return new SnapshotFile({ ...place, kind: "aliases", entries: z.record(z.string(), z.string()) });
}
