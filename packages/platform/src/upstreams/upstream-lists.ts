import type { StoredUpstream } from "./known-upstream.ts";
import { readList } from "./read-list.ts";
import type { UpstreamStore } from "./upstream-store.ts";
import type { UpstreamWatch } from "./upstream-watch.ts";

interface UpstreamListsOptions {
  readonly store: UpstreamStore;
  readonly watch: Pick<UpstreamWatch, "listModels">;
  /** Takes over what the store holds now. */
  readonly refresh: () => Promise<void>;
  readonly onFailure: (upstream: string, error: unknown) => void;
}

/** For a list of thousands of models over a slow line. */
const LIST_TIMEOUT_MS = 15_000;
/** How often the database is asked whose list is due. */
const LOOK_MS = 30_000;

/** Keeps the lists of upstreams' models: read on command, and every hour by one gateway for all. */
export class UpstreamLists {
  readonly #options: UpstreamListsOptions;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  readonly #stop = new AbortController();

  constructor(options: UpstreamListsOptions) {
    this.#options = options;
  }

  /**
   * Reads an upstream's list and notes it; where that fails, why. @returns the upstream then, or undefined where there is none.
   * @throws the signal's reason, or what the database said.
   */
  async read(name: string, signal: AbortSignal): Promise<StoredUpstream | undefined> {
    const { store, watch, refresh, onFailure } = this.#options;
    await refresh();
    const upstream = await store.find(name);
    if (upstream === undefined) return undefined;
    const read = await readList({
      ask: (until) => watch.listModels(name, until),
      selection: upstream.definition,
      signal: AbortSignal.any([signal, this.#stop.signal]),
      timeoutMs: LIST_TIMEOUT_MS,
      onFailure: (error) => onFailure(name, error),
    });
    await store.noteList(name, read);
    await refresh();
    return store.find(name);
  }

  /** Reads those that are due, unless another gateway does. */
  async readDue(): Promise<void> {
    const names = await this.#options.store.claimDueLists();
    await Promise.all(names.map((name) => this.read(name, this.#stop.signal)));
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
    this.#look();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stop.abort(new Error("The platform is stopping."));
  }

  #look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.readDue()
      // The database is away, which is told elsewhere.
      .catch(() => undefined)
      .finally(() => {
        this.#isLooking = false;
      });
  }
}
