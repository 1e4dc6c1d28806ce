import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

export const SOAK_MODEL = "soak/varied";

/** What the replica does when its prompt is this word. */
const ORDERS = ["answer", "answer slowly", "fail", "break off"] as const;
export type Order = (typeof ORDERS)[number];

export interface VariedReplica {
  readonly url: string;
  /** Requests that are being answered. */
  readonly busy: () => number;
  close(): Promise<void>;
}

const TOKENS = 30;
const GAP_MS = 5;

/** An inference server without a model that does as its prompt says, and remembers nothing. */
export async function startVariedReplica(): Promise<VariedReplica> {
  let busy = 0;
  const server = createServer((request, response) => {
    busy++;
    response.once("close", () => {
      busy--;
    });
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The replica has no port.");
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    busy: () => busy,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const part of request.setEncoding("utf8")) body += part;
  if (request.method === "GET") return sendJson(response, 200, { object: "list", data: [{ id: SOAK_MODEL, object: "model" }] });
  const order = ORDERS.find((known) => body.includes(`"${known}"`)) ?? "answer";
  if (order === "fail")
    return sendJson(response, 400, { error: { message: "no", type: "invalid_request_error", param: null, code: null } });
  const envelope = { id: "chatcmpl-soak", object: "chat.completion.chunk", created: 0, model: SOAK_MODEL };
  const send = (fields: object): void => {
    response.write(`data: ${JSON.stringify({ ...envelope, ...fields })}\n\n`);
  };
  const choose = (delta: object, finish: string | null): void => send({ choices: [{ index: 0, delta, finish_reason: finish }] });
  response.writeHead(200, { "content-type": "text/event-stream" });
  choose({ role: "assistant", content: "" }, null);
  for (let index = 0; index < TOKENS && !response.destroyed; index++) {
    if (order === "break off" && index === TOKENS / 2) {
      response.destroy();
      return;
    }
    choose({ content: `word ${index} ` }, null);
    if (order === "answer slowly") await delay(GAP_MS);
  }
  choose({}, "stop");
  send({ choices: [], usage: { prompt_tokens: 3, completion_tokens: TOKENS, total_tokens: 3 + TOKENS } });
  response.end("data: [DONE]\n\n");
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
