/** What one answer consists of, in this order. */
interface ResponseParts {
  head(status: number, isEventStream: boolean): void;
  body(piece: Buffer): void;
  end(): void;
}

type Phase = "head" | "sized" | "chunk-size" | "chunk" | "chunk-end" | "trailer" | "until-close";

const EMPTY = Buffer.alloc(0);
const HEAD_END = "\r\n\r\n";
const LINE_END = "\r\n";

/**
 * Reads HTTP/1.1 answers off one connection, in pieces of any size. It knows what the servers of this benchmark send and no more: status,
 * `content-length` or chunked bodies, `connection: close`; no 1xx answers and no compression. Body bytes are passed on without a copy.
 */
export class ResponseReader {
  readonly #parts: ResponseParts;
  #phase: Phase = "head";
  /** Bytes of the body or the chunk that are still to come. */
  #left = 0;
  /** The beginning of a head or a line whose end has not come yet. */
  #rest: Buffer = EMPTY;
  /** False once the server has said that it will close. */
  keepsOpen = true;

  constructor(parts: ResponseParts) {
    this.#parts = parts;
  }

  feed(piece: Buffer): void {
    const data = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    this.#rest = EMPTY;
    let at = 0;
    while (at < data.length) {
      const next = this.#steps[this.#phase](data, at);
      if (next === undefined) {
        this.#rest = data.subarray(at);
        return;
      }
      at = next;
    }
  }

  /** The server has closed the connection. @returns whether that was the end of a complete answer, or came between two. */
  close(): boolean {
    if (this.#phase !== "until-close") return this.#phase === "head" && this.#rest.length === 0;
    this.#finish();
    return true;
  }

  /** Each returns where it stopped, or undefined when it needs more bytes. */
  readonly #steps: Readonly<Record<Phase, (data: Buffer, at: number) => number | undefined>> = {
    head: (data, at) => {
      const end = data.indexOf(HEAD_END, at);
      if (end === -1) return undefined;
      this.#readHead(data.toString("latin1", at, end + LINE_END.length).toLowerCase());
      return end + HEAD_END.length;
    },
    sized: (data, at) => {
      const next = this.#passOn(data, at);
      if (this.#left === 0) this.#finish();
      return next;
    },
    "chunk-size": (data, at) => {
      const end = data.indexOf(LINE_END, at);
      if (end === -1) return undefined;
      this.#left = Number.parseInt(data.toString("latin1", at, end), 16);
      if (Number.isNaN(this.#left)) throw new Error("a chunk of the answer has no size");
      this.#phase = this.#left === 0 ? "trailer" : "chunk";
      return end + LINE_END.length;
    },
    chunk: (data, at) => {
      const next = this.#passOn(data, at);
      if (this.#left === 0) this.#phase = "chunk-end";
      return next;
    },
    "chunk-end": (data, at) => {
      if (data.length - at < LINE_END.length) return undefined;
      this.#phase = "chunk-size";
      return at + LINE_END.length;
    },
    trailer: (data, at) => {
      const end = data.indexOf(LINE_END, at);
      if (end === -1) return undefined;
      if (end === at) this.#finish();
      return end + LINE_END.length;
    },
    "until-close": (data, at) => {
      this.#parts.body(data.subarray(at));
      return data.length;
    },
  };

  /** @param head in lower case, each line with its end. */
  #readHead(head: string): void {
    const status = Number(/^http\/1\.[01] (\d{3})/.exec(head)?.[1]);
    if (Number.isNaN(status)) throw new Error(`no HTTP answer: ${JSON.stringify(head.slice(0, 100))}`);
    this.keepsOpen = !/\r\nconnection: *close\r\n/.test(head);
    this.#parts.head(status, /\r\ncontent-type: *text\/event-stream/.test(head));
    if (/\r\ntransfer-encoding: *chunked\r\n/.test(head)) {
      this.#phase = "chunk-size";
      return;
    }
    const length = /\r\ncontent-length: *(\d+)\r\n/.exec(head)?.[1];
    this.#left = Number(length ?? 0);
    if (length === undefined) {
      this.#phase = "until-close";
      this.keepsOpen = false;
    } else if (this.#left === 0) this.#finish();
    else this.#phase = "sized";
  }

  #passOn(data: Buffer, at: number): number {
    const end = Math.min(data.length, at + this.#left);
    this.#left -= end - at;
    this.#parts.body(data.subarray(at, end));
    return end;
  }

  #finish(): void {
    this.#phase = "head";
    this.#parts.end();
  }
}
