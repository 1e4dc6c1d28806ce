import { ApiError } from "@bonfire/protocol/errors";
import type { AdmissionRequest, Admitted, WaitingCount } from "./admission-request.ts";
import { TIERS } from "./choose-next.ts";
import { PlaceRate } from "./place-rate.ts";
import { startWaiting } from "./start-waiting.ts";
import { type Waiting, WaitingQueue } from "./waiting-queue.ts";

interface Clock {
  /** Milliseconds. */
  now(): number;
  /** @returns the function that calls it off. */
  after(milliseconds: number, act: () => void): () => void;
}

interface AdmissionOptions {
  /** Requests that wait in one queue. One key has at most half of that. */
  readonly mostWaiting: number;
  /** Requests that wait in all queues together, which bounds their number too. @default 10,000 */
  readonly mostWaitingAltogether?: number;
  /** How long one waits at most. */
  readonly deadlineMs: number;
  readonly clock: Clock;
}

const MOST_WAITING_ALTOGETHER = 10_000;
/** Queues whose rate is remembered when nobody waits in them. */
const MOST_RATES = 1_000;

/**
 * Requests that wait for a place, one queue for each model. Places go by tier, most urgent first; inside a tier by turns of the keys, as
 * many as their weights say; then by age. One that finds no place is passed over and keeps its turn, so that who waits for one deployment
 * does not hold up who can go to another; of those that wait for the same place the one whose turn it is gets it. A key's turns are counted
 * over all places of the queue.
 */
export class AdmissionQueues {
  readonly #mostWaiting: number;
  readonly #mostOfKey: number;
  readonly #mostAltogether: number;
  readonly #deadlineMs: number;
  readonly #clock: Clock;
  /** Only those in which somebody waits; the one that got a place last stands last. */
  readonly #queues = new Map<string, WaitingQueue>();
  /** Least recently used first. */
  readonly #rates = new Map<string, PlaceRate>();
  #waiting = 0;
  #arrivals = 0;
  #isStarting = false;

  constructor({ mostWaiting, mostWaitingAltogether = MOST_WAITING_ALTOGETHER, deadlineMs, clock }: AdmissionOptions) {
    this.#mostWaiting = mostWaiting;
    this.#mostOfKey = Math.max(1, Math.floor(mostWaiting / 2));
    this.#mostAltogether = mostWaitingAltogether;
    this.#deadlineMs = deadlineMs;
    this.#clock = clock;
  }

  /** Of one queue, or of all together. */
  waiting(queue?: string): number {
    return queue === undefined ? this.#waiting : (this.#queues.get(queue)?.size ?? 0);
  }

  counts(): readonly WaitingCount[] {
    return [...this.#queues.values()].flatMap((queue) =>
      TIERS.map((tier) => ({ queue: queue.name, tier, waiting: queue.sizeOf(tier) })).filter(({ waiting }) => waiting > 0),
    );
  }

  /**
   * At once where nobody waits and a place is free, otherwise a promise.
   * @throws ApiError `overloaded` when the queue is full, the deadline has passed or more urgent ones push it out, `rate_limit_exceeded`
   * when the key has too many waiting; the signal's reason; what `tryStart` throws.
   */
  enter<Place>(request: AdmissionRequest<Place>): Admitted<Place> | Promise<Admitted<Place>> {
    if (request.signal.aborted) throw request.signal.reason;
    const othersWait = this.#queues.has(request.queue);
    if (!othersWait) {
      const place = request.tryStart();
      if (place !== undefined) return { place, queuedMs: 0 };
    }
    return this.#wait(request, othersWait);
  }

  /** A place may have come free anywhere, or a deployment come back: tries those that wait. Does nothing when it is called by a `tryStart`. */
  placeFreed(): void {
    if (this.#queues.size > 0) this.#start([...this.#queues.values()]);
  }

  /** Sends all away. */
  failAll(error: Error): void {
    for (const queue of [...this.#queues.values()]) for (const waiting of queue.all()) this.#refuse(waiting, error);
  }

  #wait<Place>(request: AdmissionRequest<Place>, isUntried: boolean): Promise<Admitted<Place>> {
    const now = this.#clock.now();
    this.#makeRoom(request, now);
    const queue = this.#queueFor(request.queue, now);
    return new Promise((resolve, reject) => {
      const leave = () => this.#refuse(waiting, request.signal.reason);
      const settle = () => {
        callOff();
        request.signal.removeEventListener("abort", leave);
      };
      const waiting: Waiting = {
        queue,
        tier: request.tier,
        fairKey: request.fairKey,
        weight: request.weight ?? 1,
        kind: request.kind,
        arrival: this.#arrivals++,
        start: () => {
          const place = request.tryStart();
          if (place === undefined) return false;
          settle();
          resolve({ place, queuedMs: this.#clock.now() - now });
          return true;
        },
        refuse: (reason) => {
          settle();
          reject(reason);
        },
      };
      queue.add(waiting);
      this.#waiting++;
      const callOff = this.#clock.after(this.#deadlineMs, () => this.#refuse(waiting, this.#pastDeadline(waiting)));
      request.signal.addEventListener("abort", leave, { once: true });
      // It may be able to start where those before it are not.
      if (isUntried) this.#start([queue]);
    });
  }

  /** @throws ApiError where there is none. */
  #makeRoom({ queue: name, tier, fairKey }: AdmissionRequest<unknown>, now: number): void {
    const queue = this.#queues.get(name);
    const ofKey = queue?.sizeOfKey(fairKey) ?? 0;
    if (ofKey >= this.#mostOfKey)
      throw new ApiError("rate_limit_exceeded", `Your key has ${ofKey} requests waiting for ${name} already.`, {
        // Its next turn comes when each of the others has had one.
        retryAfterSeconds: this.#rateOf(name).secondsUntil(queue?.keys ?? 1, now),
      });
    const size = queue?.size ?? 0;
    if (size < this.#mostWaiting && this.#waiting < this.#mostAltogether) return;
    const last = queue?.lastBehind(tier);
    if (last === undefined) {
      const retryAfterSeconds = this.#rateOf(name).secondsUntil((queue?.sizeDownTo(tier) ?? 0) + 1, now);
      const reason = size < this.#mostWaiting ? "There are too many requests waiting." : `${name} has ${size} requests waiting already.`;
      throw new ApiError("overloaded", reason, { retryAfterSeconds });
    }
    this.#refuse(last, this.#overloaded(last, `More urgent requests for ${name} took this one's place in the queue.`));
  }

  #queueFor(name: string, now: number): WaitingQueue {
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const queue = new WaitingQueue(name);
    this.#queues.set(name, queue);
    this.#rateOf(name).waitingBegan(now);
    return queue;
  }

  #start(queues: readonly WaitingQueue[]): void {
    // A `tryStart` that takes a place and gives it back has freed nothing.
    if (this.#isStarting) return;
    this.#isStarting = true;
    try {
      startWaiting(queues, {
        onStart: (waiting) => this.#started(waiting),
        onFailure: (waiting, error) => this.#refuse(waiting, error),
      });
    } finally {
      this.#isStarting = false;
    }
  }

  #started(waiting: Waiting): void {
    const { queue } = waiting;
    queue.start(waiting);
    this.#rateOf(queue.name).placeCame(this.#clock.now());
    this.#queues.delete(queue.name);
    if (queue.size > 0) this.#queues.set(queue.name, queue);
    this.#waiting--;
  }

  #refuse(waiting: Waiting, reason: unknown): void {
    const { queue } = waiting;
    queue.remove(waiting);
    if (queue.size === 0) this.#queues.delete(queue.name);
    this.#waiting--;
    waiting.refuse(reason);
  }

  #pastDeadline(waiting: Waiting): ApiError {
    return this.#overloaded(waiting, `No place for ${waiting.queue.name} came free within ${this.#deadlineMs / 1_000} s.`);
  }

  #overloaded({ queue, tier }: Waiting, message: string): ApiError {
    const retryAfterSeconds = this.#rateOf(queue.name).secondsUntil(queue.sizeDownTo(tier), this.#clock.now());
    return new ApiError("overloaded", message, { retryAfterSeconds });
  }

  #rateOf(queue: string): PlaceRate {
    const rate = this.#rates.get(queue) ?? new PlaceRate();
    this.#rates.delete(queue);
    this.#rates.set(queue, rate);
    const [oldest] = this.#rates.keys();
    if (this.#rates.size > MOST_RATES && oldest !== undefined) this.#rates.delete(oldest);
    return rate;
  }
}
