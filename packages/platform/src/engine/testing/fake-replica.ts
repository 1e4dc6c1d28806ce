import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { z } from "zod";
import { answerLikeAModel } from "./fake-model.ts";
import { FakeStream, sendJson } from "./fake-stream.ts";

export { FakeStream, sendJson };

/** What the fake does with one request; the conformance suite and fault tests write these. */
export type Script = (call: FakeCall) => Promise<void>;

interface FakeCall {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: Record<string, unknown>;
  readonly response: ServerResponse;
  /** Aborts when the caller closed its connection. */
  readonly hungUp: AbortSignal;
}

export interface FakeReplica {
  /** Base URL as a client sets it. */
  readonly url: string;
  /** Every generation that was asked for, in order. */
  readonly calls: readonly FakeCall[];
  /** How many connections were opened to it so far. */
  readonly connections: () => number;
  /** Requests that are being answered right now. */
  readonly busy: () => number;
  /** What answers from now on; the default is `answerLikeAModel`. */
  script: Script;
  close(): Promise<void>;
}

interface FakeOptions {
  readonly model: string;
  readonly contextLength: number;
}

/**
 * An inference server without a model: an HTTP server on a socket that speaks OpenAI's dialect and answers by script.
 */
export async function startFakeReplica(options: FakeOptions): Promise<FakeReplica> {
  const calls: FakeCall[] = [];
  let busy = 0;
  let connections = 0;
  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))));
  });

  server.on("connection", () => {
    connections++;
  });

  const replica: FakeReplica = {
    url: "",
    calls,
    connections: () => connections,
    busy: () => busy,
    script: answerLikeAModel(options),
    close: () => close(server),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET" && request.url === "/v1/models") {
      return sendJson(response, 200, { object: "list", data: [{ id: options.model, object: "model", created: 0, owned_by: "fake" }] });
    }
    const hangUp = new AbortController();
    response.once("close", () => {
      if (!response.writableFinished) hangUp.abort(new Error("the caller hung up"));
    });
    let text = "";
    request.setEncoding("utf8");
    for await (const part of request) text += part;
    const body = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
    const { url: path = "", headers } = request;
    const call = { path, authorization: headers.authorization, headers, body, response, hungUp: hangUp.signal };
    calls.push(call);
    busy++;
    try {
      await replica.script(call);
    } finally {
      busy--;
    }
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The fake replica has no port.");
  return Object.assign(replica, { url: `http://127.0.0.1:${address.port}/v1` });
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
