import { setTimeout as delay } from "node:timers/promises";
import { type RedisConnection, wasRefusedByRedis } from "../storage/redis.ts";
import type { AnswerStore } from "./answer-cache.ts";
import { StoreOutage } from "./store-outage.ts";
import { decodeAnswer, encodeAnswer, type StoredAnswer } from "./stored-answer.ts";

interface RedisStoreOptions {
  /** Stays the caller's: it may serve others too. */
  readonly redis: RedisConnection;
  /** How long a command may take before the request goes on without it. */
  readonly budgetMs?: number;
  /** An outage begins: until the other one is called, answers are neither looked up nor stored. */
  readonly onLost?: (error: unknown) => void;
  readonly onBack?: () => void;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
}

const BUDGET_MS = 50;
/** Before the hash that is the key: Redis may hold other things as well. */
const PREFIX = "bonfire:answer:";

/** Answers that several gateways share. A Redis that is slow or away costs a request at most the budget, and after a few failures nothing. */
export class RedisStore implements AnswerStore {
  readonly #redis: RedisConnection;
  readonly #budgetMs: number;
  readonly #onLost: (error: unknown) => void;
  readonly #onBack: () => void;
  readonly #now: () => number;
  readonly #outage = new StoreOutage();

  constructor({ redis, budgetMs = BUDGET_MS, onLost = () => {}, onBack = () => {}, now = () => performance.now() }: RedisStoreOptions) {
    this.#redis = redis;
    this.#budgetMs = budgetMs;
    this.#onLost = onLost;
    this.#onBack = onBack;
    this.#now = now;
  }

  async get(key: string, signal?: AbortSignal): Promise<StoredAnswer | undefined> {
    signal?.throwIfAborted();
    const text = await this.#ask(() => this.#redis.get(PREFIX + key));
    signal?.throwIfAborted();
    return typeof text === "string" ? decodeAnswer(text) : undefined;
  }

  async set(key: string, answer: StoredAnswer, ttlMs: number): Promise<void> {
    const text = encodeAnswer(answer);
    await this.#ask(() => this.#redis.set(PREFIX + key, text, "PX", Math.max(1, Math.round(ttlMs))));
  }

  close(): void {}

  /** Undefined where there is no answer in time. */
  async #ask<Reply>(command: () => Promise<Reply>): Promise<Reply | undefined> {
    if (!this.#outage.mayTry(this.#now())) return undefined;
    try {
      const reply = await withinBudget(command(), this.#budgetMs);
      this.#answered();
      return reply;
    } catch (error) {
      // One that refuses, because it is full or still loading, is there.
      if (wasRefusedByRedis(error)) this.#answered();
      else if (this.#outage.failed(this.#now())) this.#onLost(error);
      return undefined;
    }
  }

  #answered(): void {
    if (this.#outage.succeeded()) this.#onBack();
  }
}

async function withinBudget<Reply>(reply: Promise<Reply>, budgetMs: number): Promise<Reply> {
  const inTime = new AbortController();
  const late = delay(budgetMs, undefined, { signal: inTime.signal }).then(() => {
    throw new Error(`Redis has not answered within ${budgetMs} ms.`);
  });
  try {
    return await Promise.race([reply, late]);
  } finally {
    // Whichever of them comes too late is of no interest.
    reply.catch(() => undefined);
    late.catch(() => undefined);
    inTime.abort();
  }
}
