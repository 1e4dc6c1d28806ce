import type { ServerResponse } from "node:http";

/** A token as it stands in `logprobs`. */
export interface FakeToken {
  readonly token: string;
  /** Null for the first token of a prompt. */
  readonly logprob: number | null;
  readonly alternatives: readonly { readonly token: string; readonly logprob: number }[];
}

interface FakeUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly completion_tokens_details?: { readonly reasoning_tokens: number };
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

  /** @param tokens that spell the text, where their probabilities are told. */
  text(choice: number, text: string, tokens?: readonly FakeToken[]): void {
    const logprobs = tokens === undefined ? {} : { logprobs: this.#chat ? tokenObjects(tokens) : tokenArrays(tokens) };
    this.#choice(choice, { ...(this.#chat ? { delta: { content: text } } : { text }), ...logprobs }, null);
  }

  reasoning(choice: number, text: string): void {
    this.#choice(choice, { delta: { reasoning_content: text } }, null);
  }

  /** A whole call in three chunks. */
  toolCall(choice: number, call: { readonly index: number; readonly id: string; readonly name: string; readonly arguments: string }): void {
    const { index, id, name, arguments: text } = call;
    this.delta(choice, { tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] });
    const middle = Math.ceil(text.length / 2);
    for (const piece of [text.slice(0, middle), text.slice(middle)]) {
      this.delta(choice, { tool_calls: [{ index, function: { arguments: piece } }] });
    }
  }

  /** Whatever a server might put there. */
  delta(choice: number, delta: object, finishReason: string | null = null): void {
    this.#choice(choice, { delta }, finishReason);
  }

  finish(choice: number, reason: string): void {
    this.#choice(choice, this.#chat ? { delta: {} } : { text: "" }, reason);
  }

  usage(usage: FakeUsage): void {
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

function tokenObjects(tokens: readonly FakeToken[]): object {
  const withBytes = <Token extends { readonly token: string }>(token: Token) => ({ ...token, bytes: [...Buffer.from(token.token)] });
  return {
    content: tokens.map(({ token, logprob, alternatives }) => ({
      ...withBytes({ token, logprob }),
      top_logprobs: alternatives.map(withBytes),
    })),
    refusal: null,
  };
}

function tokenArrays(tokens: readonly FakeToken[]): object {
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ logprob, alternatives }) =>
      logprob === null ? null : Object.fromEntries(alternatives.map((alternative) => [alternative.token, alternative.logprob])),
    ),
    text_offset: tokens.map((_, index) => tokens.slice(0, index).reduce((length, { token }) => length + token.length, 0)),
  };
}
