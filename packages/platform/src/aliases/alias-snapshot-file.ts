import { z } from "zod";
import { SnapshotFile, type SnapshotPlace } from "../storage/snapshot-file.ts";

export function aliasSnapshotFile(place: SnapshotPlace): SnapshotFile<string> {
  return new SnapshotFile({ ...place, kind: "aliases", entries: z.record(z.string(), z.string()) });
}
