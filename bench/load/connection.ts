import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Answer, AnswerRecorder } from "./answer-recorder.ts";
import type { Address, LoadRequest } from "./load-plan.ts";
import { ResponseReader } from "./response-reader.ts";

interface Exchange {
  readonly recorder: AnswerRecorder;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** One kept connection: a request goes out, its answer comes back. A raw socket, since Node's own HTTP client costs more than some of the servers. */
export class Connection {
  readonly #socket: Socket;
  readonly #reader: ResponseReader;
  #exchange: Exchange | undefined;
  #open = true;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#reader = new ResponseReader({
      head: (status, isEventStream) => this.#exchange?.recorder.head(status, isEventStream),
      body: (piece) => this.#exchange?.recorder.body(piece),
      end: () => {
        const exchange = this.#exchange;
        this.#exchange = undefined;
        exchange?.resolve(exchange.recorder.end());
      },
    });
    socket.setNoDelay(true);
    socket.on("data", (piece) => this.#read(piece));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => {
      this.#open = false;
      this.#reader.close();
      this.#fail(new Error("the connection was closed before the answer was complete"));
    });
  }

  static async open(address: Address): Promise<Connection> {
    const socket = "port" in address ? connect(address.port, "127.0.0.1") : connect(address.socketPath);
    await once(socket, "connect");
    return new Connection(socket);
  }

  /** False when the next request needs another connection. */
  get isReusable(): boolean {
    return this.#open && this.#reader.keepsOpen;
  }

  exchange(request: Buffer, recorder = new AnswerRecorder()): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#exchange = { recorder, resolve, reject };
      if (this.#open) this.#socket.write(request);
      else this.#fail(new Error("the connection was closed before the request"));
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(piece: Buffer): void {
    try {
      this.#reader.feed(piece);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      this.destroy();
    }
  }

  #fail(error: Error): void {
    this.#exchange?.reject(error);
    this.#exchange = undefined;
  }
}

/** The bytes of a request, built once and sent often. */
export function encodeRequest({ path, headers, body }: LoadRequest): Buffer {
  const content = Buffer.from(body);
  const all = { host: "127.0.0.1", "content-type": "application/json", "content-length": String(content.length), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n`), content]);
}
