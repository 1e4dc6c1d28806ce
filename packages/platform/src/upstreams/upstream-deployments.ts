import { durationMs } from "@bonfire/protocol/durations";
import type { UpstreamModel } from "@bonfire/protocol/upstreams";
import type { ListedModel, ModelClient } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { Deployment, HealthCheck } from "../routing/deployment.ts";
import type { KnownUpstream } from "./known-upstream.ts";
import { LeasedClient } from "./leased-client.ts";
import { modelsOf } from "./upstream-models.ts";
import { upstreamTimeouts } from "./upstream-timeouts.ts";

/** How an upstream is reached. */
export interface UpstreamReach {
  /** A client of one of its models. The model is empty where only the upstream itself is asked. */
  readonly connect: (model: string) => ModelClient;
  /** Whether its models can be asked for: that costs nothing, and shows that it answers. */
  readonly hasList: boolean;
}

/** The deployments of one upstream, as long as it is reached in the same way; its models and what is said of them may change. */
export class UpstreamDeployments {
  readonly #engine: string;
  readonly #reach: UpstreamReach;
  readonly #itself: LeasedClient;
  readonly #clients = new Map<string, LeasedClient>();
  #deployments: readonly Deployment[] = [];
  #check: HealthCheck | undefined;

  /** @param engine the kind of engine whose clients these are */
  constructor(engine: string, reach: UpstreamReach) {
    this.#engine = engine;
    this.#reach = reach;
    this.#itself = new LeasedClient(() => reach.connect(""));
  }

  get all(): readonly Deployment[] {
    return this.#deployments;
  }

  update({ definition, listed }: KnownUpstream): void {
    const models = modelsOf(definition, listed);
    const names = new Set(models.map(({ id }) => id));
    for (const [id, client] of this.#clients) {
      if (names.has(id)) continue;
      client.retire();
      this.#clients.delete(id);
    }
    const check = this.#checkOf(definition.health_check);
    this.#check = check;
    const timeouts = upstreamTimeouts(definition.timeouts).attempt;
    this.#deployments = models.map((model) => ({
      ...{ name: `${definition.name}/${model.id}`, model: model.id, engine: this.#engine, ownedBy: definition.name },
      ...factsOf(model),
      usageSource: "provider",
      timeouts,
      maxConcurrent: definition.max_concurrent,
      state: () => "ready",
      acquire: this.#acquireOf(model.id),
      ...(check === undefined ? {} : { check }),
    }));
  }

  /** What its list of models says now; nothing where it has none. @throws EngineError, or the signal's reason. */
  async list(signal: AbortSignal): Promise<readonly ListedModel[]> {
    if (!this.#reach.hasList) return [];
    const { client, release } = this.#itself.lease();
    try {
      const { models } = await client.health(signal);
      if (models === undefined) throw new EngineError("unsupported", "It has no list of its models.");
      return models;
    } finally {
      release();
    }
  }

  /** Clients are closed when the requests that use them have ended. */
  retire(): void {
    this.#itself.retire();
    for (const client of this.#clients.values()) client.retire();
  }

  #acquireOf(model: string): Deployment["acquire"] {
    let client = this.#clients.get(model);
    if (client === undefined) {
      client = new LeasedClient(() => this.#reach.connect(model));
      this.#clients.set(model, client);
    }
    const leased = client;
    return async (signal) => {
      signal.throwIfAborted();
      return leased.lease();
    };
  }

  /** The same object for all deployments: it is the upstream that answers or not. */
  #checkOf(interval: KnownUpstream["definition"]["health_check"]): HealthCheck | undefined {
    if (interval === "off" || !this.#reach.hasList) return undefined;
    const everyMs = durationMs(interval);
    if (this.#check?.everyMs === everyMs) return this.#check;
    return {
      everyMs,
      ask: async (signal) => {
        const { client, release } = this.#itself.lease();
        await client.health(signal).finally(release);
      },
    };
  }
}

/** Where nobody tells, an upstream is taken to converse and to see: one that cannot says so itself. */
function factsOf({ context_length, chat = true, vision = true, price }: UpstreamModel) {
  return { contextLength: context_length, chat, vision, price };
}
