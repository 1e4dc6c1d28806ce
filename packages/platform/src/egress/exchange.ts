import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { Connection, ConnectionPool } from "./connection-pool.ts";

type Controller = Dispatcher.DispatchController;

/** Bytes as they arrive, as many at a time as are there; undefined at the end. @throws where they break off */
export interface ByteSource {
  next(): Promise<readonly Buffer[] | undefined>;
}

export interface AnswerHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** What nobody has read yet of one answer; beyond that the server has to wait. */
const MAX_UNREAD_BYTES = 64 * 1024;

/**
 * One request and its answer on one connection, from the first byte to the last. It stands in the place of a stream, whose machinery would
 * cost more than all that is done with a token. When the signal aborts, or the reader leaves, the connection is cut at once.
 */
export class Exchange implements Dispatcher.DispatchHandler, ByteSource {
  readonly #pool: ConnectionPool;
  readonly #connection: Connection;
  readonly #signal: AbortSignal;
  #controller: Controller | undefined;
  #onHead: { readonly resolve: (head: AnswerHead) => void; readonly reject: (reason: unknown) => void } | undefined;
  /** Wakes who waits for bytes or for the end. */
  #wake: (() => void) | undefined;
  #unread: Buffer[] = [];
  #unreadBytes = 0;
  #isPaused = false;
  #isDraining = false;
  #end: { readonly failure: unknown } | "whole" | undefined;
  /** When the request went out, by the clock of `performance`; undefined before. */
  sentAt: number | undefined;
  /** Whether it went out on a connection that had been used before. */
  wentOutOnUsed = false;
  /** Whether anything came back. */
  hasAnswerBegun = false;

  constructor(pool: ConnectionPool, connection: Connection, signal: AbortSignal) {
    this.#pool = pool;
    this.#connection = connection;
    this.#signal = signal;
  }

  /** Settles when status and headers are there. @throws the signal's reason, or undici's error */
  send(options: Dispatcher.DispatchOptions): Promise<AnswerHead> {
    return new Promise((resolve, reject) => {
      this.#onHead = { resolve, reject };
      this.#signal.addEventListener("abort", this.#onAbort, { once: true });
      this.#connection.client.dispatch(options, this);
    });
  }

  async next(): Promise<readonly Buffer[] | undefined> {
    if (this.#unread.length === 0 && this.#end === undefined) {
      // Whatever else came in the same packet is there by the time this goes on.
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#unread.length > 0) return this.#takeUnread();
    if (this.#end === "whole" || this.#end === undefined) return undefined;
    throw this.#end.failure;
  }

  /** Nobody reads on: the connection is cut, unless the answer has ended. */
  leave(): void {
    this.#cut(new Error("The answer is no longer wanted."));
  }

  /**
   * Nobody reads on, but little is left: the connection is kept if the end comes within `forMs`, and cut then. Settles at the end, or
   * after `waitMs`: then it goes on by itself.
   */
  async drain({ waitMs, forMs }: { readonly waitMs: number; readonly forMs: number }): Promise<void> {
    this.#isDraining = true;
    this.#takeUnread();
    if (this.#end !== undefined) return;
    await new Promise<void>((resolve) => {
      const waited = setTimeout(resolve, waitMs);
      const cut = setTimeout(() => this.leave(), forMs);
      this.#wake = () => {
        clearTimeout(waited);
        clearTimeout(cut);
        resolve();
      };
    });
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    this.sentAt = performance.now();
    this.wentOutOnUsed = this.#connection.isUsed;
  }

  onResponseStarted(): void {
    this.hasAnswerBegun = true;
  }

  onResponseStart(_controller: Controller, status: number, headers: IncomingHttpHeaders): void {
    // Early hints and the like: the answer follows.
    if (status < 200) return;
    this.#onHead?.resolve({ status, headers });
    this.#onHead = undefined;
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#isDraining) return;
    this.#unread.push(chunk);
    this.#unreadBytes += chunk.length;
    if (this.#unreadBytes > MAX_UNREAD_BYTES) {
      this.#isPaused = true;
      controller.pause();
    }
    this.#wakeUp();
  }

  onResponseEnd(): void {
    if (this.#end !== undefined) return;
    this.#finish("whole");
    this.#pool.giveBack(this.#connection);
  }

  onResponseError(_controller: Controller, failure: Error): void {
    if (this.#end === undefined) this.#finish({ failure });
    this.#pool.discard(this.#connection);
  }

  readonly #onAbort = (): void => this.#cut(this.#signal.reason);

  #cut(failure: unknown): void {
    if (this.#end !== undefined) return;
    this.#unread = [];
    this.#finish({ failure });
    // Before the connection stands there is nobody to tell.
    if (this.#controller === undefined) this.#pool.discard(this.#connection);
    else this.#controller.abort(new Error("The answer is no longer wanted."));
  }

  #finish(end: { readonly failure: unknown } | "whole"): void {
    this.#end = end;
    this.#signal.removeEventListener("abort", this.#onAbort);
    if (end !== "whole") this.#onHead?.reject(end.failure);
    this.#onHead = undefined;
    this.#wakeUp();
  }

  #takeUnread(): readonly Buffer[] {
    const chunks = this.#unread;
    this.#unread = [];
    this.#unreadBytes = 0;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#controller?.resume();
    }
    return chunks;
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
