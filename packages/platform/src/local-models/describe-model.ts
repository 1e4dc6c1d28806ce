import type { CatalogEntry, InstalledModel as DescribedModel, PullEvent } from "@bonfire/protocol/installed-models";
import type { ModelStatus } from "../deployments/local-deployment.ts";
import type { CatalogLine } from "../models/fit.ts";
import type { InstalledModel } from "../models/installed-model.ts";
import type { ModelProgress } from "../models/progress.ts";
import type { Deployment } from "../routing/deployment.ts";

/** A model of this machine. Without a status it cannot be served, since files of it are missing. */
export function describeInstalled(model: InstalledModel, status: ModelStatus | undefined): DescribedModel {
  return {
    id: model.id,
    object: "installed_model",
    aliases: model.aliases,
    kind: model.kind,
    capabilities: model.capabilities,
    source: model.source,
    size_bytes: model.sizeBytes,
    context_length: model.contextLength,
    licence: model.licence,
    installed_at: seconds(Date.parse(model.installedAt)),
    pinned: status?.pinned ?? false,
    state: status?.state ?? "failed",
    state_since: status === undefined ? null : seconds(status.since),
    reason: status === undefined ? `files are missing: ${model.missingFiles.join(", ")}; pull it again` : (status.reason ?? null),
    replica: status === undefined || status.loadedAt === undefined ? null : describeReplica(status),
  };
}

function describeReplica(status: ModelStatus): NonNullable<DescribedModel["replica"]> {
  return {
    slots: status.slots,
    context_length: status.contextLength,
    memory_bytes: Math.round(status.memory.ramBytes),
    gpu_memory_bytes: Math.round(status.memory.vramBytes),
    gpu_layers: status.gpuLayers,
    running_requests: status.leases,
    restarts: status.restarts,
    loaded_at: seconds(status.loadedAt),
    last_used_at: seconds(status.lastUsedAt),
  };
}

/** A model that somebody else serves. */
export function describeUpstream({ model, contextLength, state, chat }: Deployment): DescribedModel {
  return {
    id: model,
    object: "installed_model",
    aliases: [],
    kind: "text",
    capabilities: chat ? ["chat", "completions"] : ["completions"],
    source: "upstream",
    size_bytes: null,
    context_length: contextLength ?? null,
    licence: null,
    installed_at: null,
    pinned: false,
    state: state(),
    state_since: null,
    reason: null,
    replica: null,
  };
}

export function describeCatalogLine({ model, downloadBytes, fits, installed }: CatalogLine): CatalogEntry {
  return {
    id: model.id,
    object: "catalog_model",
    aliases: model.aliases,
    parameters: model.parameters < 1 ? `${Math.round(model.parameters * 1_000)}M` : `${Number(model.parameters.toFixed(1))}B`,
    size_bytes: downloadBytes,
    context_length: model.contextLength,
    capabilities: model.capabilities,
    licence: model.licence.name,
    licence_url: model.licence.url,
    licence_must_be_accepted: model.licence.mustBeAccepted,
    fits,
    installed,
  };
}

/** What a pull tells while it goes on; undefined where it says nothing that a person wants to read. */
export function describeProgress(progress: ModelProgress): PullEvent | undefined {
  switch (progress.type) {
    case "bytes": {
      const { fileName, receivedBytes, totalBytes } = progress;
      return { type: "bytes", file: fileName, received_bytes: receivedBytes, total_bytes: totalBytes === 0 ? null : totalBytes };
    }
    case "resolving":
      return { type: "message", text: `looking for ${progress.model}` };
    case "source":
      return { type: "message", text: `fetching ${progress.fileName} from ${progress.source}` };
    case "source-failed":
      return { type: "message", text: `  not there: ${progress.reason}` };
    case "verifying":
      return { type: "message", text: `checking ${progress.fileName}` };
    case "waiting":
      return { type: "message", text: `waiting for ${progress.holder}, which fetches ${progress.fileName}` };
    case "done":
      return undefined;
  }
}

function seconds(milliseconds: number): number;
function seconds(milliseconds: number | undefined): number | null;
function seconds(milliseconds: number | undefined): number | null {
  return milliseconds === undefined ? null : Math.floor(milliseconds / 1_000);
}
