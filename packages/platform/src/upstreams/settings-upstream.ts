import type { UpstreamModel } from "@bonfire/protocol/upstreams";
import type { KnownUpstream, StoredUpstream } from "./known-upstream.ts";
import type { ReadList } from "./read-list.ts";

/** What the list of an upstream with this selection says now. @throws the signal's reason. */
type AskForList = (selection: KnownUpstream["definition"], signal: AbortSignal) => Promise<ReadList>;

const READ_MS = 3_600_000;
const READ_AGAIN_MS = 30_000;

/** The upstream of the settings, which no table holds: each gateway has its own, and reads its list for itself. */
export class SettingsUpstream {
  readonly #ask: AskForList;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #current: StoredUpstream;
  #known: KnownUpstream;
  #hasFailed = false;

  constructor(upstream: Pick<KnownUpstream, "definition" | "keys">, ask: AskForList) {
    this.#ask = ask;
    this.#known = { ...upstream, listed: null };
    this.#current = { ...this.#known, listedAt: null, listError: null, createdAt: new Date() };
  }

  /** As operators see it. */
  get current(): StoredUpstream {
    return this.#current;
  }

  /** What counts for its deployments: another object when that has changed. */
  get known(): KnownUpstream {
    return this.#known;
  }

  /** Reads its list; where that fails, the last one stays. @throws the signal's reason. */
  async read(signal: AbortSignal): Promise<void> {
    const read = await this.#ask(this.#known.definition, AbortSignal.any([signal, this.#stop.signal]));
    this.#hasFailed = !("models" in read);
    const listed = "models" in read ? read.models : this.#known.listed;
    if (JSON.stringify(listed) !== JSON.stringify(this.#known.listed)) this.#known = { ...this.#known, listed: copy(listed) };
    this.#current = { ...this.#known, listedAt: new Date(), listError: read.error, createdAt: this.#current.createdAt };
  }

  /** Reads it every hour from now on, and sooner where that has failed. */
  start(): void {
    this.#timer = setTimeout(() => void this.#readAgain(), this.#hasFailed ? READ_AGAIN_MS : READ_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stop.abort(new Error("The platform is stopping."));
  }

  async #readAgain(): Promise<void> {
    await this.read(this.#stop.signal).catch(() => undefined);
    if (!this.#stop.signal.aborted) this.start();
  }
}

function copy(models: readonly UpstreamModel[] | null): UpstreamModel[] | null {
  return models === null ? null : [...models];
}
