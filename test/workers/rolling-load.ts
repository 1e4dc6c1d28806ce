import { once } from "node:events";
import { Agent as HttpAgent, type RequestOptions, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

/** What a client saw that is not as it should be. */
interface LoadOutcome {
  readonly answered: number;
  readonly failures: readonly string[];
}

interface LoadOptions {
  /** Ends with `/v1`. */
  readonly baseUrl: string;
  readonly key: string;
  readonly model: string;
  /** Of each kind. */
  readonly clients: number;
}

/** Sends one request and reads its answer. @throws where it is not whole. */
type Client = (streamed: boolean) => Promise<void>;

/**
 * Clients that keep their connections, that pause between requests so that connections lie idle, and that open one for each request; every
 * other request is streamed. @returns what stops them, waits for their last answers and tells what they saw.
 */
export function startLoad({ baseUrl, key, model, clients }: LoadOptions): () => Promise<LoadOutcome> {
  const url = new URL("chat/completions", `${baseUrl}/`);
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const bodyOf = (stream: boolean) =>
    JSON.stringify({ model, stream, messages: [{ role: "user", content: "one two three" }], max_tokens: 12 });
  const idling = new HttpAgent({ keepAlive: true });

  const byFetch: Client = async (streamed) => {
    const response = await fetch(url, { method: "POST", headers, body: bodyOf(streamed) });
    check(response.status, await response.text(), streamed);
  };
  const byNode =
    (options: RequestOptions): Client =>
    async (streamed) => {
      const sent = request(url, { method: "POST", ...options, headers: { ...headers, ...options.headers } }).end(bodyOf(streamed));
      const [response] = await once(sent, "response");
      check(response.statusCode, await text(response), streamed);
    };
  const kinds: readonly { readonly name: string; readonly client: Client; readonly pauseMs: number }[] = [
    { name: "kept", client: byFetch, pauseMs: 0 },
    { name: "idling", client: byNode({ agent: idling }), pauseMs: 120 },
    { name: "closing", client: byNode({ agent: false, headers: { connection: "close" } }), pauseMs: 10 },
  ];

  const failures: string[] = [];
  let answered = 0;
  let isOver = false;
  const run = async ({ name, client, pauseMs }: (typeof kinds)[number], index: number): Promise<void> => {
    for (let count = index; !isOver; count++) {
      const streamed = count % 2 === 0;
      try {
        await client(streamed);
        answered++;
      } catch (error) {
        failures.push(`${name}, ${streamed ? "streamed" : "whole"}: ${messagesOf(error)}`);
      }
      await delay(Math.random() * pauseMs);
    }
  };
  const running = kinds.flatMap((kind) => Array.from({ length: clients }, (_, index) => run(kind, index)));
  return async () => {
    isOver = true;
    await Promise.all(running);
    idling.destroy();
    return { answered, failures };
  };
}

function check(status: number | undefined, body: string, streamed: boolean): void {
  const isWhole = streamed
    ? body.endsWith("data: [DONE]\n\n") && body.includes('"finish_reason":"')
    : body.includes('"finish_reason":"length"');
  if (status !== 200 || !isWhole) throw new Error(`status ${status}, ${body.slice(-300)}`);
}

function messagesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${messagesOf(error.cause)}`;
}
