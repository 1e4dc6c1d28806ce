import { type FakeReplica, startFakeReplica } from "../packages/platform/src/engine/testing/fake-replica.ts";

/** A model that takes images; the one that every platform serves does not. */
export const VISION_MODEL = "upstream/sees";

/** An inference server for platforms to put in front of: `BONFIRE_UPSTREAM_URL`. */
export function startVisionUpstream(): Promise<FakeReplica> {
  return startFakeReplica({ model: VISION_MODEL, contextLength: 10_000 });
}
