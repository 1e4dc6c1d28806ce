import { ApiError } from "@bonfire/protocol/errors";
import type { CatalogEntry, InstalledModel as DescribedModel, PullEvent, PullModelRequest } from "@bonfire/protocol/installed-models";
import type { LocalDeployment } from "../deployments/local-deployment.ts";
import type { ModelFleet } from "../deployments/model-fleet.ts";
import { describeCatalog, type MachineMemory } from "../models/fit.ts";
import type { InstalledModel } from "../models/installed-model.ts";
import type { ModelLibrary } from "../models/model-library.ts";
import type { Deployment } from "../routing/deployment.ts";
import type { ModelDirectory } from "../serving/model-directory.ts";
import { describeCatalogLine, describeInstalled, describeProgress, describeUpstream } from "./describe-model.ts";
import { toModelUnavailable, toOperatorError } from "./model-failure.ts";
import { ProgressQueue } from "./progress-queue.ts";

interface LocalModelsOptions {
  readonly library: ModelLibrary;
  readonly fleet: ModelFleet;
  /** Where clients find the models by name. */
  readonly directory: ModelDirectory;
  readonly machine: MachineMemory;
  /** How a model is run on this machine. @throws where no engine can be had. */
  readonly deploy: (model: InstalledModel, options: { readonly pinned: boolean }) => Promise<LocalDeployment>;
  /** Hears of each model that begins to be served. */
  readonly onServed: (id: string) => void;
}

/** The models of this machine: what lies on its disk, what runs of it, and under which names clients reach it. */
export class LocalModels {
  readonly #options: LocalModelsOptions;

  constructor(options: LocalModelsOptions) {
    this.#options = options;
  }

  /** Makes a model available: it is loaded at its first request, or from now on where it is pinned. Does nothing where it is served already. */
  async serve(model: InstalledModel, { pinned = false }: { readonly pinned?: boolean } = {}): Promise<void> {
    const { fleet, directory, deploy, onServed } = this.#options;
    if (model.missingFiles.length > 0 || this.#statusOf(model.id) !== undefined) return;
    const deployment = await deploy(model, { pinned });
    if (this.#statusOf(model.id) !== undefined) return;
    onServed(model.id);
    fleet.add(deployment);
    directory.add({ id: model.id, aliases: model.aliases, deployment: this.#deploymentOf(model, deployment.engine.name) });
  }

  async list(): Promise<readonly DescribedModel[]> {
    const { library, directory } = this.#options;
    const installed = await library.list();
    // What another process has pulled meanwhile.
    await Promise.all(installed.map((model) => this.serve(model)));
    const ownIds = new Set(installed.map(({ id }) => id));
    const foreign = directory.deployments().filter(({ usageSource, model }) => usageSource === "provider" && !ownIds.has(model));
    return [...installed.map((model) => describeInstalled(model, this.#statusOf(model.id))), ...foreign.map(describeUpstream)];
  }

  async catalog(): Promise<readonly CatalogEntry[]> {
    const { library, machine } = this.#options;
    return describeCatalog(machine, await library.list()).map(describeCatalogLine);
  }

  async *pull(request: PullModelRequest, signal: AbortSignal): AsyncGenerator<PullEvent> {
    const left = new AbortController();
    const queue = new ProgressQueue<PullEvent>();
    const pulled = this.#pull(request, AbortSignal.any([signal, left.signal]), queue).finally(() => queue.end());
    // Is thrown below; until then nobody waits for it.
    pulled.catch(() => undefined);
    try {
      yield* queue;
      yield { type: "installed", model: await pulled };
    } finally {
      left.abort(new Error("nobody waits for the pull any more"));
    }
  }

  async remove(name: string): Promise<string> {
    const { library, fleet, directory } = this.#options;
    const model = await this.#require(name);
    if ((await library.find(name)) === undefined) {
      throw new ApiError("invalid_value", `'${name}' is an alias; remove ${model.id} by its own name.`, { param: "model" });
    }
    if ((this.#statusOf(model.id)?.leases ?? 0) > 0) {
      throw new ApiError("model_in_use", `${model.id} has running requests; try again when they have ended.`, { param: "model" });
    }
    directory.remove(deploymentName(model.id));
    await fleet.remove(model.id);
    await library.remove(model.id);
    return model.id;
  }

  async load(name: string, signal: AbortSignal): Promise<DescribedModel> {
    const model = await this.#require(name);
    await this.serve(model);
    try {
      await this.#options.fleet.load(model.id, signal);
    } catch (error) {
      throw toOperatorError(error);
    }
    return describeInstalled(model, this.#statusOf(model.id));
  }

  async unload(name: string): Promise<DescribedModel> {
    const model = await this.#require(name);
    if (this.#statusOf(model.id) !== undefined) await this.#options.fleet.unload(model.id);
    return describeInstalled(model, this.#statusOf(model.id));
  }

  async #pull({ model, accept_licence }: PullModelRequest, signal: AbortSignal, queue: ProgressQueue<PullEvent>): Promise<DescribedModel> {
    try {
      const installed = await this.#options.library.pull(model, {
        signal,
        acceptLicence: accept_licence,
        onProgress: (progress) => {
          const event = describeProgress(progress);
          if (event !== undefined) queue.add(event);
        },
      });
      await this.serve(installed);
      return describeInstalled(installed, this.#statusOf(installed.id));
    } catch (error) {
      throw toOperatorError(error);
    }
  }

  /** @throws ApiError `model_not_found`, or `model_in_use` for one that is somebody else's. */
  async #require(name: string): Promise<InstalledModel> {
    const { library, directory } = this.#options;
    const model = await library.find(name);
    if (model !== undefined) return model;
    const { id } = directory.find(name);
    const meant = await library.find(id);
    if (meant !== undefined) return meant;
    throw new ApiError("model_in_use", `${id} belongs to an upstream, whose settings decide about it.`, { param: "model" });
  }

  #statusOf(id: string) {
    return this.#options.fleet.status().find((status) => status.id === id);
  }

  #deploymentOf(model: InstalledModel, engine: string): Deployment {
    const { fleet } = this.#options;
    const statusOf = () => this.#statusOf(model.id);
    return {
      name: deploymentName(model.id),
      model: model.id,
      engine,
      ownedBy: model.id.includes("/") ? (model.id.split("/")[0] ?? "bonfire") : "bonfire",
      get contextLength() {
        return statusOf()?.contextLength ?? model.contextLength;
      },
      chat: model.capabilities.includes("chat"),
      vision: model.projectorPath !== undefined,
      price: undefined,
      usageSource: "engine",
      timeouts: TIMEOUTS,
      get maxConcurrent() {
        const slots = statusOf()?.slots;
        return slots === undefined ? undefined : slots + READ_AHEAD;
      },
      state: () => statusOf()?.state ?? "failed",
      acquire: (signal) =>
        fleet.acquire(model.id, signal).catch((error: unknown) => {
          throw toModelUnavailable(error);
        }),
    };
  }
}

/** One request more than there are slots is let through: its prompt is rendered and tokenized while it waits for its slot. */
const READ_AHEAD = 1;
/** A CPU may read a long prompt for many minutes; an engine that hangs is found by its supervisor. */
const TIMEOUTS = { firstTokenMs: 1_800_000, betweenTokensMs: 600_000, totalMs: 21_600_000 };

function deploymentName(modelId: string): string {
  return `local/${modelId}`;
}
