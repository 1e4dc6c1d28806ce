import type { GatewayReport } from "./gateway-report.ts";
import type { GatewayStore } from "./gateway-store.ts";

interface PeersOptions {
  readonly store: Pick<GatewayStore, "exchange" | "leave" | "forgetOlderThan">;
  /** Tells this gateway from all others, those before it included. */
  readonly id: string;
  /** What the others should know now. */
  readonly report: () => GatewayReport;
  /** Hears what the others have told, once a second. */
  readonly onReports: (reports: readonly GatewayReport[]) => void;
  /** Hears of the first failure in a row. */
  readonly onFailure: (error: unknown) => void;
  readonly beatMs?: number;
}

const BEAT_MS = 1_000;
/** A gateway that was silent for so long counts no more. */
const ALIVE_MS = 5_000;
const FORGOTTEN_MS = 60_000;

/**
 * The other gateways on the same database. How many there are and what they have in flight divides what a deployment takes; what they have
 * found broken need not be found out again. While the database is away the last reports count.
 */
export class GatewayPeers {
  readonly #options: PeersOptions;
  #reports: readonly GatewayReport[] = [];
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #hasFailed = false;
  #sinceForgetting = 0;

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** Requests at a deployment, one number for each other live gateway that has it. */
  inFlightAt(deployment: string): readonly number[] {
    return this.#reports.flatMap(({ inFlight }) => inFlight[deployment] ?? []);
  }

  get count(): number {
    return this.#reports.length;
  }

  start(): void {
    this.#timer = setInterval(() => this.#beat(), this.#options.beatMs ?? BEAT_MS);
    this.#timer.unref();
    this.#beat();
  }

  /** Tells the others that it is gone, where they can be told. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    if (!this.#hasFailed) await this.#options.store.leave(this.#options.id).catch(this.#options.onFailure);
  }

  #beat(): void {
    this.#beating ??= this.#exchange()
      .then(
        () => {
          this.#hasFailed = false;
        },
        (error: unknown) => {
          if (!this.#hasFailed) this.#options.onFailure(error);
          this.#hasFailed = true;
        },
      )
      .finally(() => {
        this.#beating = undefined;
      });
  }

  async #exchange(): Promise<void> {
    const { store, id, report, onReports } = this.#options;
    this.#reports = await store.exchange(id, report(), ALIVE_MS);
    onReports(this.#reports);
    this.#sinceForgetting += this.#options.beatMs ?? BEAT_MS;
    if (this.#sinceForgetting < FORGOTTEN_MS) return;
    this.#sinceForgetting = 0;
    await store.forgetOlderThan(FORGOTTEN_MS);
  }
}
