import { type ToPrimary, type ToWorker, toWorker } from "./messages.ts";

type Handlers = { readonly [Type in ToWorker["type"]]?: (message: Extract<ToWorker, { type: Type }>) => void };

/** A worker's line to the primary process. Where that ends, the worker ends at once: `node:cluster` sees to it. */
export class PrimaryLink {
  #handlers: Handlers = {};
  #unheard: ToWorker[] = [];

  constructor() {
    process.on("message", (message: unknown) => {
      const { data } = toWorker.safeParse(message);
      // What is not understood comes from a newer program: its worker will be replaced.
      if (data !== undefined) this.#dispatch(data);
    });
  }

  /** From now on; what has come before is handed over, too. */
  hear(handlers: Handlers): void {
    this.#handlers = { ...this.#handlers, ...handlers };
    const unheard = this.#unheard;
    this.#unheard = [];
    for (const message of unheard) this.#dispatch(message);
  }

  /** Settles when it is on its way. */
  send(message: ToPrimary): Promise<void> {
    return new Promise((resolve) => {
      if (process.send === undefined || !process.connected) resolve();
      else process.send(message, undefined, undefined, () => resolve());
    });
  }

  #dispatch(message: ToWorker): void {
    switch (message.type) {
      case "start":
        this.#call(this.#handlers.start, message);
        break;
      case "listen":
        this.#call(this.#handlers.listen, message);
        break;
      case "local":
        this.#call(this.#handlers.local, message);
        break;
      case "ask":
        this.#call(this.#handlers.ask, message);
        break;
      case "stop":
        this.#call(this.#handlers.stop, message);
        break;
      case "cut":
        this.#call(this.#handlers.cut, message);
        break;
    }
  }

  #call<Message extends ToWorker>(handler: ((message: Message) => void) | undefined, message: Message): void {
    if (handler === undefined) this.#unheard.push(message);
    else handler(message);
  }
}
