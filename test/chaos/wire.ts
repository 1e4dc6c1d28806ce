import type { Socket } from "node:net";

type Bytes = string | Buffer;

/** The server's end of one connection, for answers that are written byte by byte. */
export class Wire {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /** Settles when the other side can take more, or is gone. */
  async send(bytes: Bytes): Promise<void> {
    if (!this.isOpen || this.#socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        this.#socket.off("drain", goOn).off("close", goOn);
        resolve();
      };
      this.#socket.on("drain", goOn).on("close", goOn);
    });
  }

  /** Says that nothing more comes, as a server does that ends its process in order. */
  end(): void {
    this.#socket.end();
  }

  /** As when the process is killed. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Reads no more of what the other side sends. */
  stopReading(): void {
    this.#socket.pause();
  }
}
