import type { ListedModel } from "../engine/engine.ts";
import type { Deployment } from "../routing/deployment.ts";
import type { KnownUpstream } from "./known-upstream.ts";
import { UpstreamDeployments, type UpstreamReach } from "./upstream-deployments.ts";

interface UpstreamWatchOptions {
  /** The upstreams as of now: another map where anything has changed. */
  readonly known: () => ReadonlyMap<string, KnownUpstream>;
  /** One that no table holds and that wins over one of its name; another object where anything has changed. */
  readonly fixed?: () => KnownUpstream | undefined;
  /** The kind of engine whose clients reach them. */
  readonly engine: string;
  /** @throws when the upstream cannot be reached in the way that its definition says. */
  readonly reach: (upstream: KnownUpstream) => UpstreamReach;
  /** Hears of an upstream's deployments whenever they have changed; of none when it is gone. */
  readonly onDeployments?: (upstream: string, deployments: readonly Deployment[]) => void;
  /** An upstream has no deployments, for this reason. */
  readonly onFailure: (upstream: string, error: unknown) => void;
}

interface Watched {
  readonly upstream: KnownUpstream;
  readonly connection: string;
  readonly deployments: UpstreamDeployments;
}

/** How soon those hear of a change who do not look for themselves. */
const FOLLOW_MS = 250;
const NOTHING: ReadonlyMap<string, KnownUpstream> = new Map();

/**
 * The deployments of all upstreams, in step with what is known of them. Whoever asks gets them as of now; requests that run keep the clients
 * with which they began.
 */
export class UpstreamWatch {
  readonly #options: UpstreamWatchOptions;
  readonly #watched = new Map<string, Watched>();
  #seen = NOTHING;
  #seenFixed: KnownUpstream | undefined;
  #byName: ReadonlyMap<string, Deployment> = new Map();
  #revision = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: UpstreamWatchOptions) {
    this.#options = options;
  }

  /** Another number where any deployment has changed. */
  get revision(): number {
    this.follow();
    return this.#revision;
  }

  find(name: string): Deployment | undefined {
    this.follow();
    return this.#byName.get(name);
  }

  list(): readonly Deployment[] {
    this.follow();
    return [...this.#byName.values()];
  }

  /** What an upstream's own list says now; undefined where there is no such upstream. @throws EngineError, or the signal's reason. */
  async listModels(upstream: string, signal: AbortSignal): Promise<readonly ListedModel[] | undefined> {
    this.follow();
    return this.#watched.get(upstream)?.deployments.list(signal);
  }

  /** Takes over what has changed; costs next to nothing where nothing has. */
  follow(): void {
    const known = this.#options.known();
    const fixed = this.#options.fixed?.();
    if (known === this.#seen && fixed === this.#seenFixed) return;
    this.#seen = known;
    this.#seenFixed = fixed;
    const wanted = new Map(known);
    if (fixed !== undefined) wanted.set(fixed.definition.name, fixed);
    this.#update(wanted);
  }

  start(): void {
    this.#timer = setInterval(() => this.follow(), FOLLOW_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const { deployments } of this.#watched.values()) deployments.retire();
  }

  #update(wanted: ReadonlyMap<string, KnownUpstream>): void {
    const changed: string[] = [];
    for (const [name, { deployments }] of this.#watched) {
      if (wanted.has(name)) continue;
      deployments.retire();
      this.#watched.delete(name);
      changed.push(name);
    }
    for (const [name, upstream] of wanted) if (this.#updateOne(name, upstream)) changed.push(name);
    if (changed.length === 0) return;
    this.#revision++;
    const all = [...this.#watched.values()].flatMap(({ deployments }) => deployments.all);
    this.#byName = new Map(all.map((deployment) => [deployment.name, deployment]));
    for (const name of changed) this.#options.onDeployments?.(name, this.#watched.get(name)?.deployments.all ?? []);
  }

  /** @returns whether anything of it has changed. */
  #updateOne(name: string, upstream: KnownUpstream): boolean {
    const before = this.#watched.get(name);
    if (before !== undefined && JSON.stringify(before.upstream) === JSON.stringify(upstream)) return false;
    const connection = connectionOf(upstream);
    try {
      const isSame = before?.connection === connection;
      const deployments = isSame ? before.deployments : new UpstreamDeployments(this.#options.engine, this.#options.reach(upstream));
      deployments.update(upstream);
      if (!isSame) before?.deployments.retire();
      this.#watched.set(name, { upstream, connection, deployments });
    } catch (error) {
      before?.deployments.retire();
      this.#watched.delete(name);
      this.#options.onFailure(name, error);
    }
    return true;
  }
}

/** What decides how an upstream is reached: where it differs, clients are made anew. */
function connectionOf({ definition, keys }: KnownUpstream): string {
  const { profile, base_url, credentials, headers, query, timeouts } = definition;
  return JSON.stringify([profile, base_url, credentials, headers, query, timeouts.connect, keys.map(({ name, sealed }) => [name, sealed])]);
}
