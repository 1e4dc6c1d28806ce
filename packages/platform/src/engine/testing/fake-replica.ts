import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { z } from "zod";

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
 * An inference server without a model: an HTTP server on a socket that speaks OpenAI's dialect and answers by script. By default it
 * repeats the words of the prompt, one chunk a word, for ever, within the limits that it was asked for.
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

const generationBody = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })).optional(),
  prompt: z.union([z.string(), z.array(z.int())]).optional(),
  n: z.int().default(1),
  max_tokens: z.int().optional(),
  stop: z.array(z.string()).default([]),
});

/** One word is one token; a prompt that does not fit is refused with both counts, as llama.cpp and OpenAI do. */
function answerLikeAModel({ contextLength }: Pick<FakeOptions, "contextLength">): Script {
  return async ({ path, body, response, hungUp }) => {
    const { model, messages, prompt, n, max_tokens, stop } = generationBody.parse(body);
    const words = Array.isArray(prompt)
      ? prompt.map((id) => `t${id}`)
      : splitWords(prompt ?? messages?.map((message) => message.content).join(" ") ?? "");
    if (words.length >= contextLength) {
      const message = `This model's maximum context length is ${contextLength} tokens. However, your messages resulted in ${words.length} tokens.`;
      const error = { message, type: "exceed_context_size_error", code: 400, n_prompt_tokens: words.length, n_ctx: contextLength };
      return sendJson(response, 400, { error });
    }
    const limit = Math.min(max_tokens ?? contextLength, contextLength - words.length);
    const stream = new FakeStream(response, { path, model });
    stream.begin();
    for (let choice = 0; choice < n; choice++) stream.role(choice);
    const open = new Set(Array.from({ length: n }, (_, choice) => choice));
    const said = Array.from({ length: n }, () => "");
    let generated = 0;
    for (let position = 0; open.size > 0; position++) {
      for (const choice of open) {
        // A turn of the event loop a token, so that requests overlap and a hang-up is noticed.
        await new Promise((resolve) => setImmediate(resolve));
        if (hungUp.aborted) return;
        if (position >= limit) {
          open.delete(choice);
          stream.finish(choice, "length");
          continue;
        }
        generated++;
        const token = `${position === 0 ? "" : " "}${words[(position + choice) % words.length] ?? "word"}`;
        const before = said[choice] ?? "";
        const end = earliestStop(before + token, stop);
        said[choice] = end === undefined ? before + token : (before + token).slice(0, end);
        if (end === undefined) stream.text(choice, token);
        else {
          const rest = said[choice]?.slice(before.length) ?? "";
          if (rest !== "") stream.text(choice, rest);
          open.delete(choice);
          stream.finish(choice, "stop");
        }
      }
    }
    stream.usage({ prompt_tokens: words.length, completion_tokens: generated, total_tokens: words.length + generated });
    stream.done();
  };
}

function splitWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function earliestStop(text: string, stops: readonly string[]): number | undefined {
  const ends = stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** Writes OpenAI-like chunks of either text endpoint. */
export class FakeStream {
  readonly #response: ServerResponse;
  readonly #chat: boolean;
  readonly #model: string;

  constructor(response: ServerResponse, { path, model }: { path: string; model: string }) {
    this.#response = response;
    this.#chat = path.endsWith("/chat/completions");
    this.#model = model;
  }

  begin(): void {
    this.#response.writeHead(200, { "content-type": "text/event-stream" });
  }

  role(choice: number): void {
    if (this.#chat) this.#choice(choice, { delta: { role: "assistant", content: null } }, null);
  }

  text(choice: number, text: string): void {
    this.#choice(choice, this.#chat ? { delta: { content: text } } : { text }, null);
  }

  finish(choice: number, reason: string): void {
    this.#choice(choice, this.#chat ? { delta: {} } : { text: "" }, reason);
  }

  usage(usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number }): void {
    this.data(JSON.stringify({ ...this.#envelope(), choices: [], usage }));
  }

  done(): void {
    this.data("[DONE]");
    this.#response.end();
  }

  data(data: string): void {
    this.#response.write(`data: ${data}\n\n`);
  }

  #choice(index: number, content: object, finish_reason: string | null): void {
    this.data(JSON.stringify({ ...this.#envelope(), choices: [{ index, ...content, finish_reason }] }));
  }

  #envelope(): object {
    return { id: "fake-1", object: this.#chat ? "chat.completion.chunk" : "text_completion", created: 1, model: this.#model };
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
