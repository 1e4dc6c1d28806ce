import type { StoredAnswer } from "./stored-answer.ts";

/** Where answers are kept, by the key of their request (`cacheKeyOf`). */
export interface AnswerStore {
  /** Undefined also where the store cannot be asked. @throws the signal's reason, nothing else. */
  get(key: string, signal?: AbortSignal): Promise<StoredAnswer | undefined>;
  /** Never fails: where it cannot be kept, it is not. */
  set(key: string, answer: StoredAnswer, ttlMs: number): Promise<void>;
  close(): void;
}
