import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface SeenRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
}

interface Repository {
  readonly commit: string;
  readonly files: ReadonlyMap<string, Buffer>;
  readonly tags: readonly string[];
}

/**
 * A stand-in for a model hub: `127.0.0.1` is the hub, which redirects a file to `localhost`, the content network, another host of the same
 * server. Fields may be changed between requests.
 */
export class ModelHub {
  readonly seen: SeenRequest[] = [];
  /** Bytes of files in repositories that nobody published. */
  content: Buffer;
  etag = '"v1"';
  /** Answer of the hub itself; undefined redirects to the content network. */
  hubStatus: number | undefined;
  /** The content network sends so many bytes of the next body and then nothing, until `cutHeld`. */
  holdAfterBytes: number | undefined;
  /** It answers each range with 416, as for a file that got shorter. */
  refuseRanges = false;
  /** Every connection is cut at once, as when the machine is gone. */
  dead = false;
  /** Entries for each page of a repository's files. */
  pageSize = 1_000;
  /** The listing tells the checksums of big files. */
  listsChecksums = true;
  /** Changes the bytes that are sent, not what is said of them. */
  corrupt: ((body: Buffer) => Buffer) | undefined;
  readonly #repositories = new Map<string, Repository>();
  #held: ServerResponse | undefined;
  readonly #server = createServer((request, response) => this.#answer(request, response));

  constructor(content: Buffer = Buffer.alloc(0)) {
    this.content = content;
  }

  async start(): Promise<void> {
    // Both 127.0.0.1 and whatever `localhost` means here.
    await new Promise<void>((resolve) => this.#server.listen(0, resolve));
  }

  /** Makes these files the newest commit of a repository. @returns the commit. */
  publish(repo: string, files: Readonly<Record<string, Buffer>>, tags: readonly string[] = []): string {
    const hash = createHash("sha1");
    for (const [path, content] of Object.entries(files)) hash.update(path).update(content);
    const commit = hash.digest("hex");
    this.#repositories.set(repo, { commit, files: new Map(Object.entries(files)), tags });
    return commit;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Requests for the bytes, without the redirects. */
  get downloads(): readonly SeenRequest[] {
    return this.seen.filter(({ host, method }) => host.startsWith("localhost") && method === "GET");
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
    const { host = "" } = request.headers;
    const { url = "", method = "GET" } = request;
    this.seen.push({ method, host, path: url, headers: request.headers });
    if (this.dead) {
      request.socket.destroy();
      return;
    }
    if (!host.startsWith("127.0.0.1")) this.#sendFile(request, response);
    else if (this.hubStatus !== undefined) response.writeHead(this.hubStatus).end("no");
    else if (url.startsWith("/api/models/")) this.#answerApi(new URL(url, this.endpoint), response);
    else this.#redirect(url, response);
  }

  #answerApi(url: URL, response: ServerResponse): void {
    const [owner, name, what] = url.pathname.slice("/api/models/".length).split("/");
    const repository = this.#repositories.get(`${owner}/${name}`);
    if (repository === undefined) {
      response.writeHead(404).end("no");
      return;
    }
    const { commit, files, tags } = repository;
    if (what === "revision") {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ sha: commit, tags, gated: false }));
      return;
    }
    const from = Number(url.searchParams.get("cursor") ?? "0");
    const entries = [...files].slice(from, from + this.pageSize).map(([path, body]) => ({
      type: "file",
      path,
      size: body.length,
      oid: "0".repeat(40),
      ...(this.listsChecksums ? { lfs: { oid: sha256(body), size: body.length, pointerSize: 130 } } : {}),
    }));
    const next = new URL(url);
    next.searchParams.set("cursor", String(from + this.pageSize));
    const link = from + this.pageSize < files.size ? { link: `<${next.href}>; rel="next"` } : {};
    const folders = [{ type: "directory", path: "folder", oid: "0".repeat(40), size: 0 }];
    response.writeHead(200, { "content-type": "application/json", ...link }).end(JSON.stringify([...folders, ...entries]));
  }

  #redirect(url: string, response: ServerResponse): void {
    const body = this.#bodyOf(url);
    if (body === undefined) {
      response.writeHead(404).end("no");
      return;
    }
    const linked = { "x-linked-etag": `"${sha256(body)}"`, "x-linked-size": String(body.length) };
    response.writeHead(302, { location: `http://localhost:${this.#port}/cdn${url}`, ...linked }).end();
  }

  /** `/owner/name/resolve/<revision>/<path>`; undefined for a file that a published repository lacks. */
  #bodyOf(url: string): Buffer | undefined {
    const [, owner, name, , , ...path] = decodeURIComponent(url).split("/");
    const repository = this.#repositories.get(`${owner}/${name}`);
    return repository === undefined ? this.content : repository.files.get(path.join("/"));
  }

  #sendFile(request: IncomingMessage, response: ServerResponse): void {
    const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
    if (asked !== undefined && this.refuseRanges) {
      response.writeHead(416).end();
      return;
    }
    const original = this.#bodyOf((request.url ?? "").replace(/^\/cdn/, "")) ?? Buffer.alloc(0);
    const content = this.corrupt?.(original) ?? original;
    const offset = asked !== undefined && request.headers["if-range"] === this.etag ? Number(asked) : 0;
    const body = content.subarray(offset);
    const partial = offset === 0 ? {} : { "content-range": `bytes ${offset}-${content.length - 1}/${content.length}` };
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

function sha256(body: Buffer): string {
  return createHash("sha256").update(body).digest("hex");
}
