import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface SeenRequest {
  readonly host: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
}

/**
 * A stand-in for a model hub: `127.0.0.1` is the hub, which redirects a file to `localhost`, the content network, another host of the same
 * server. Fields may be changed between requests.
 */
export class ModelHub {
  readonly seen: SeenRequest[] = [];
  content: Buffer;
  etag = '"v1"';
  /** Answer of the hub itself; undefined redirects to the content network. */
  hubStatus: number | undefined;
  /** The content network sends so many bytes of the next body and then nothing, until `cutHeld`. */
  holdAfterBytes: number | undefined;
  /** It answers each range with 416, as for a file that got shorter. */
  refuseRanges = false;
  #held: ServerResponse | undefined;
  readonly #server = createServer((request, response) => this.#answer(request, response));

  constructor(content: Buffer) {
    this.content = content;
  }

  async start(): Promise<void> {
    // Both 127.0.0.1 and whatever `localhost` means here.
    await new Promise<void>((resolve) => this.#server.listen(0, resolve));
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Requests for the bytes, without the redirects. */
  get downloads(): readonly SeenRequest[] {
    return this.seen.filter(({ host }) => host.startsWith("localhost"));
  }

  /** Cuts the connection of the held body. */
  cutHeld(): void {
    this.#held?.socket?.destroy();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  get #port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the hub does not listen");
    return (address satisfies AddressInfo).port;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const host = request.headers.host ?? "";
    this.seen.push({ host, path: request.url ?? "", headers: request.headers });
    if (host.startsWith("127.0.0.1")) {
      if (this.hubStatus === undefined) response.writeHead(302, { location: `http://localhost:${this.#port}/cdn${request.url}` }).end();
      else response.writeHead(this.hubStatus).end("no");
      return;
    }
    this.#sendFile(request, response);
  }

  #sendFile(request: IncomingMessage, response: ServerResponse): void {
    const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
    if (asked !== undefined && this.refuseRanges) {
      response.writeHead(416).end();
      return;
    }
    const offset = asked !== undefined && request.headers["if-range"] === this.etag ? Number(asked) : 0;
    const body = this.content.subarray(offset);
    const partial = offset === 0 ? {} : { "content-range": `bytes ${offset}-${this.content.length - 1}/${this.content.length}` };
    response.writeHead(offset === 0 ? 200 : 206, { etag: this.etag, "content-length": body.length, ...partial });
    const hold = this.holdAfterBytes;
    this.holdAfterBytes = undefined;
    if (hold === undefined) {
      response.end(body);
      return;
    }
    response.write(body.subarray(0, hold));
    this.#held = response;
  }
}
