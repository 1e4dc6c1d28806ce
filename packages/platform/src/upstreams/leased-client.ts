import type { ModelClient } from "../engine/engine.ts";
import type { ModelLease } from "../routing/deployment.ts";

/** A client that is made by its first lease, and closed when it was retired and its last lease has ended. */
export class LeasedClient {
  readonly #connect: () => ModelClient;
  #client: ModelClient | undefined;
  #leases = 0;
  #isRetired = false;

  constructor(connect: () => ModelClient) {
    this.#connect = connect;
  }

  /** Also after it was retired: a request that runs keeps the route with which it began. */
  lease(): ModelLease {
    this.#client ??= this.#connect();
    this.#leases++;
    let isReleased = false;
    return {
      client: this.#client,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        this.#leases--;
        this.#closeUnused();
      },
    };
  }

  retire(): void {
    this.#isRetired = true;
    this.#closeUnused();
  }

  #closeUnused(): void {
    if (!this.#isRetired || this.#leases > 0 || this.#client === undefined) return;
    const client = this.#client;
    this.#client = undefined;
    // Nobody waits for its idle connections.
    client.close().catch(() => undefined);
  }
}
