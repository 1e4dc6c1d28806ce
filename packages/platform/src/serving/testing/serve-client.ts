import type { ModelClient } from "../../engine/engine.ts";
import { Metrics } from "../../observability/metrics.ts";
import { AttemptRecorder } from "../attempt-recorder.ts";
import { ModelDirectory } from "../model-directory.ts";
import type { ServedModel } from "../served-model.ts";
import { type LoadImages, Serving } from "../serving.ts";

/** A model that is always there. */
export function readyModel(acquire: ServedModel["acquire"], aliases: readonly string[] = []): ServedModel {
  return {
    id: "m",
    aliases,
    ownedBy: "test",
    contextLength: undefined,
    chat: true,
    vision: true,
    deployment: "test",
    usageSource: "engine",
    state: () => "ready",
    acquire,
  };
}

/** Such a model alone; its attempts are noted nowhere. */
export function serveClient(
  client: () => ModelClient | undefined,
  {
    aliases = [],
    loadImages = async (requests) => requests,
  }: { readonly aliases?: readonly string[]; readonly loadImages?: LoadImages } = {},
): Serving {
  const directory = new ModelDirectory();
  const acquire: ServedModel["acquire"] = async () => {
    const now = client();
    if (now === undefined) throw new Error("There is no client.");
    return { client: now, release: () => undefined };
  };
  directory.add(readyModel(acquire, aliases));
  const ledger = { begin: () => ({ id: "att_1", end: () => undefined }) };
  const attempts = new AttemptRecorder({ ledger, metrics: new Metrics({ version: "test" }) });
  return new Serving({ models: directory, attempts, loadImages });
}
