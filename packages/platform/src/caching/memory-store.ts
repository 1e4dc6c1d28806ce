import type { AnswerStore } from "./answer-cache.ts";
import { decodeAnswer, encodeAnswer, type StoredAnswer } from "./stored-answer.ts";

interface Entry {
  readonly bytes: Buffer;
  readonly expiresAtMs: number;
}

interface MemoryStoreOptions {
  /** Of all answers together. */
  readonly mostBytes: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** What an entry takes beside its answer, roughly: its key, the entry itself, its place in the map. */
const ENTRY_BYTES = 400;

/** Answers in this process, the ones that nobody asked for longest given up first. They lie as bytes outside of V8's heap, so that their size is known. */
export class MemoryStore implements AnswerStore {
  readonly #mostBytes: number;
  readonly #now: () => number;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor({ mostBytes, now = Date.now }: MemoryStoreOptions) {
    this.#mostBytes = mostBytes;
    this.#now = now;
  }

  /** Answers that are held now. */
  get size(): number {
    return this.#entries.size;
  }

  /** Held now. */
  get bytes(): number {
    return this.#bytes;
  }

  async get(key: string, signal?: AbortSignal): Promise<StoredAnswer | undefined> {
    signal?.throwIfAborted();
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#remove(key);
    if (entry.expiresAtMs <= this.#now()) return undefined;
    this.#add(key, entry);
    return decodeAnswer(entry.bytes.toString());
  }

  async set(key: string, answer: StoredAnswer, ttlMs: number): Promise<void> {
    this.#remove(key);
    const bytes = Buffer.from(encodeAnswer(answer));
    if (sizeOf(bytes) > this.#mostBytes) return;
    this.#add(key, { bytes, expiresAtMs: this.#now() + ttlMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#mostBytes) break;
      this.#remove(oldest);
    }
  }

  close(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += sizeOf(entry.bytes);
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= sizeOf(entry.bytes);
  }
}

function sizeOf(bytes: Buffer): number {
  return bytes.byteLength + ENTRY_BYTES;
}
