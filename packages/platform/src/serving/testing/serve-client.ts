import type { ModelClient } from "../../engine/engine.ts";
import type { Ledger } from "../../metering/ledger.ts";
import { Metrics } from "../../observability/metrics.ts";
import type { Deployment } from "../../routing/deployment.ts";
import type { RoutedRequest } from "../../routing/route.ts";
import { type StartedServing, startServing } from "../../start-serving.ts";
import { ModelDirectory } from "../model-directory.ts";
import type { LoadImages, Serving } from "../serving.ts";

/** One that is always there. */
export function readyDeployment(acquire: Deployment["acquire"], given: Partial<Deployment> = {}): Deployment {
  return {
    name: "test/m",
    model: "m",
    engine: "test",
    ownedBy: "test",
    contextLength: undefined,
    chat: true,
    vision: true,
    price: undefined,
    usageSource: "engine",
    timeouts: { firstTokenMs: 60_000, betweenTokensMs: 60_000, totalMs: 600_000 },
    maxConcurrent: undefined,
    state: () => "ready",
    acquire,
    ...given,
  };
}

/** Of one client, which needs no giving back. */
export function leaseOf(client: () => ModelClient | undefined): Deployment["acquire"] {
  return async () => {
    const now = client();
    if (now === undefined) throw new Error("There is no client.");
    return { client: now, release: () => undefined };
  };
}

/** What routing sees of a request that asks for nothing special. */
export const PLAIN_REQUEST: RoutedRequest = {
  projectId: "p",
  keyId: "key_1",
  tags: [],
  promptTokens: 1,
  uses: new Set(),
  isChat: false,
  session: undefined,
  promptText: () => "",
};

interface ServedDirectory {
  readonly directory: ModelDirectory;
  /** Absent: attempts are noted nowhere. */
  readonly ledger?: Pick<Ledger, "begin">;
  readonly loadImages?: LoadImages;
  readonly isDraining?: (deployment: string) => boolean;
}

/** Everything between a name and the deployments, as in the platform. */
export function serveDirectory({ directory, ledger, loadImages, isDraining = () => false }: ServedDirectory): StartedServing {
  return startServing({
    models: directory,
    ledger: ledger ?? { begin: () => ({ id: "att_1", end: () => undefined }) },
    metrics: new Metrics({ version: "test" }),
    loadImages: loadImages ?? (async (requests) => requests),
    isDraining,
    queue: { mostWaiting: 256, deadlineMs: 60_000 },
  });
}

/** A model called `m` alone; its attempts are noted nowhere. */
export function serveClient(
  client: () => ModelClient | undefined,
  { aliases = [], loadImages }: { readonly aliases?: readonly string[]; readonly loadImages?: LoadImages } = {},
): Serving {
  const directory = new ModelDirectory();
  directory.add({ id: "m", aliases, deployment: readyDeployment(leaseOf(client)) });
  return serveDirectory({ directory, ...(loadImages === undefined ? {} : { loadImages }) }).serving;
}
