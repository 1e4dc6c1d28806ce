import type { ModelClient } from "../../engine/engine.ts";
import { Metrics } from "../../observability/metrics.ts";
import { AttemptRecorder } from "../attempt-recorder.ts";
import { ModelDirectory } from "../model-directory.ts";
import { Serving } from "../serving.ts";

/** One model that is always there; its attempts are noted nowhere. */
export function serveClient(
  client: () => ModelClient | undefined,
  { aliases = [] }: { readonly aliases?: readonly string[] } = {},
): Serving {
  const directory = new ModelDirectory();
  directory.add({
    id: "m",
    aliases,
    ownedBy: "test",
    contextLength: undefined,
    chat: true,
    deployment: "test",
    usageSource: "engine",
    state: () => "ready",
    acquire: async () => {
      const now = client();
      if (now === undefined) throw new Error("There is no client.");
      return { client: now, release: () => undefined };
    },
  });
  const ledger = { begin: () => ({ id: "att_1", end: () => undefined }) };
  return new Serving(directory, new AttemptRecorder({ ledger, metrics: new Metrics({ version: "test" }) }));
}
