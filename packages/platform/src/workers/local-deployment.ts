import { z } from "zod";
import type { Deployment, DeploymentState } from "../routing/deployment.ts";
import type { ModelDirectory, OfferedModel } from "../serving/model-directory.ts";

const STATES = [
  "unloaded",
  "queued",
  "loading",
  "ready",
  "restarting",
  "unloading",
  "failed",
] as const satisfies readonly DeploymentState[];

/** What a worker has to know of a model whose engine the primary process keeps. */
export const localDeployment = z.object({
  id: z.string(),
  aliases: z.array(z.string()),
  name: z.string(),
  engine: z.string(),
  ownedBy: z.string(),
  contextLength: z.number().exactOptional(),
  chat: z.boolean(),
  vision: z.boolean(),
  maxConcurrent: z.number().exactOptional(),
  timeouts: z.object({ firstTokenMs: z.number(), betweenTokensMs: z.number(), totalMs: z.number() }),
  state: z.enum(STATES),
});
export type LocalDeployment = z.infer<typeof localDeployment>;

/** The models of this machine as they are now. */
export function describeLocal(directory: Pick<ModelDirectory, "offers">): readonly LocalDeployment[] {
  return directory.offers().flatMap((offer) => (offer.deployment.usageSource === "engine" ? [describe(offer)] : []));
}

function describe({ id, aliases, deployment }: OfferedModel): LocalDeployment {
  const { name, engine, ownedBy, contextLength, chat, vision, maxConcurrent, timeouts } = deployment;
  return {
    ...{ id, name, engine, ownedBy, chat, vision, timeouts, aliases: [...aliases] },
    ...(contextLength === undefined ? {} : { contextLength }),
    ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
    state: deployment.state(),
  };
}

interface FollowerOptions {
  readonly directory: Pick<ModelDirectory, "add" | "remove">;
  /** Of a deployment of that name; `isReady` as the primary process said last. */
  readonly acquire: (id: string, isReady: boolean, signal: AbortSignal) => ReturnType<Deployment["acquire"]>;
  /** Hears of each model that begins to be served. */
  readonly onServed: (id: string) => void;
}

/** The models of the primary process in a worker's directory. */
export class LocalFollower {
  readonly #options: FollowerOptions;
  /** By name of the deployment. */
  readonly #known = new Map<string, LocalDeployment>();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** @param deployments all that there are now. */
  follow(deployments: readonly LocalDeployment[]): void {
    const { directory, onServed } = this.#options;
    const names = new Set(deployments.map(({ name }) => name));
    for (const name of [...this.#known.keys()]) {
      if (names.has(name)) continue;
      this.#known.delete(name);
      directory.remove(name);
    }
    for (const told of deployments) {
      const known = this.#known.get(told.name);
      this.#known.set(told.name, told);
      // What changes from one moment to the next is asked for when it is needed.
      if (known !== undefined && isSameOffer(known, told)) continue;
      onServed(told.id);
      directory.add({ id: told.id, aliases: told.aliases, deployment: this.#deploymentOf(told) });
    }
  }

  #deploymentOf(told: LocalDeployment): Deployment {
    const now = (): LocalDeployment => this.#known.get(told.name) ?? told;
    return {
      name: told.name,
      model: told.id,
      engine: told.engine,
      ownedBy: told.ownedBy,
      get contextLength() {
        return now().contextLength;
      },
      chat: told.chat,
      vision: told.vision,
      price: undefined,
      usageSource: "engine",
      timeouts: told.timeouts,
      get maxConcurrent() {
        return now().maxConcurrent;
      },
      state: () => now().state,
      acquire: (signal) => this.#options.acquire(told.id, now().state === "ready", signal),
    };
  }
}

function isSameOffer(one: LocalDeployment, other: LocalDeployment): boolean {
  const ofOffer = ({ state: _, contextLength: __, maxConcurrent: ___, ...rest }: LocalDeployment) => JSON.stringify(rest);
  return ofOffer(one) === ofOffer(other);
}
