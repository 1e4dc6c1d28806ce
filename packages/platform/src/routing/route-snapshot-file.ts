import { routeDefinition } from "@bonfire/protocol/routes";
import { z } from "zod";
import { SnapshotFile, type SnapshotPlace } from "../storage/snapshot-file.ts";

/** What belongs to the version of the routes: where requests for a name go, and which deployments take none. */
const routingEntry = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("route"), definition: routeDefinition }),
  z.strictObject({ kind: z.literal("drained"), deployment: z.string() }),
]);
export type RoutingEntry = z.infer<typeof routingEntry>;

export function routeSnapshotFile(place: SnapshotPlace): SnapshotFile<RoutingEntry> {
  return new SnapshotFile({ ...place, kind: "routes", entries: z.record(z.string(), routingEntry) });
}
