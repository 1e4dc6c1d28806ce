import { z } from "zod";
import { SnapshotFile, type SnapshotPlace } from "../storage/snapshot-file.ts";
import { type KnownUpstream, knownUpstream } from "./known-upstream.ts";

/** Their keys are sealed there as everywhere. */
export function upstreamSnapshotFile(place: SnapshotPlace): SnapshotFile<KnownUpstream> {
  return new SnapshotFile({ ...place, kind: "upstreams", entries: z.record(z.string(), knownUpstream) });
}
