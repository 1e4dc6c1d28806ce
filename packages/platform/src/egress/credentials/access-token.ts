/** A token that somebody issued for a while. */
export interface IssuedToken {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** It is renewed so long before its end, since clocks differ and calls take time. */
const RENEW_BEFORE_MS = 5 * 60_000;
const FRESH_MS = 60_000;
/** After a renewal that failed while the token is still good. */
const RENEW_AGAIN_MS = 10_000;

/** Keeps one token fresh: renews it before its end, once for all who wait. */
export class AccessToken {
  readonly #issue: () => Promise<IssuedToken>;
  readonly #now: () => number;
  #token: IssuedToken | undefined;
  #renewal: Promise<IssuedToken> | undefined;
  #issuedAt = 0;
  #renewNotBefore = 0;

  constructor(issue: () => Promise<IssuedToken>, now: () => number = Date.now) {
    this.#issue = issue;
    this.#now = now;
  }

  /** @throws what the issuer throws, once no good token is left */
  async value(): Promise<string> {
    const token = this.#token;
    const now = this.#now();
    if (token === undefined || token.expiresAt <= now) return (await this.#renew()).value;
    // The old one is good enough to go on with.
    if (token.expiresAt - RENEW_BEFORE_MS <= now && now >= this.#renewNotBefore) this.#renew().catch(() => undefined);
    return token.value;
  }

  /** Forgets a token that was refused. @returns whether another may be better: one that was refused as soon as it came is not to blame. */
  discard(value: string): boolean {
    if (this.#token?.value !== value) return this.#token !== undefined;
    this.#token = undefined;
    return this.#now() - this.#issuedAt > FRESH_MS;
  }

  #renew(): Promise<IssuedToken> {
    this.#renewal ??= this.#issue()
      .then((token) => {
        this.#token = token;
        this.#issuedAt = this.#now();
        return token;
      })
      .catch((error: unknown) => {
        this.#renewNotBefore = this.#now() + RENEW_AGAIN_MS;
        throw error;
      })
      .finally(() => {
        this.#renewal = undefined;
      });
    return this.#renewal;
  }
}
