import { Pool } from "undici";

interface SocketRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal;
}

interface SocketAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Belong to one connection, and are not passed on (RFC 9110, 7.6.1). */
const OF_CONNECTION: ReadonlySet<string> = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "trailer", "te"]);

/** Passes requests on to a private socket of this platform, and their answers back as they come. */
export class SocketForward {
  readonly #pool: Pool;

  constructor(socketPath: string) {
    // What is loaded or pulled takes its time.
    this.#pool = new Pool("http://operator", { connect: { socketPath }, headersTimeout: 0, bodyTimeout: 0 });
  }

  /** @throws what the connection failed of, or the signal's reason. */
  async forward({ method, url, headers, body, signal }: SocketRequest): Promise<SocketAnswer> {
    const answer = await this.#pool.request({ method, path: url, headers, body: body ?? null, signal });
    const passed = Object.entries(answer.headers).flatMap(([name, value]) =>
      value === undefined || OF_CONNECTION.has(name) ? [] : [[name, String(value)] as const],
    );
    return { status: answer.statusCode, headers: Object.fromEntries(passed), body: answer.body };
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
