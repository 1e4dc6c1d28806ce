import { z } from "zod";
import { type Answer, type Body, type Call, type DialectName, PATHS, post, postStreamed, postWell } from "./api-calls.ts";
import { toldByChat } from "./told-by-chat.ts";
import { toldByCompletion } from "./told-by-completion.ts";
import { toldByMessage } from "./told-by-message.ts";
import { toldByResponse } from "./told-by-response.ts";

/** The columns of the table: one API each. */
export const API_TITLES = {
  openai: "OpenAI chat",
  together: "Together chat",
  fireworks: "Fireworks chat",
  completions: "Completions",
  responses: "Responses",
  messages: "Messages",
} as const;
export type ApiName = keyof typeof API_TITLES;

/** What an answer of any API says of its first choice. */
export interface Said {
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly input: unknown }[];
  /** Why it ended, in the API's own word. */
  readonly end: string | null | undefined;
  readonly tokens: number | undefined;
  readonly promptTokens: number | undefined;
}

interface Failure {
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;
  readonly message: string;
}

const openaiFailure = z.object({ error: z.object({ code: z.string().nullable(), param: z.string().nullable(), message: z.string() }) });
const messagesFailure = z.object({
  error: z.object({ message: z.string(), details: z.object({ error_code: z.string(), param: z.string().nullable() }) }),
});

const CHAT = { question: { messages: [{ role: "user", content: "What is a lantern?" }] }, always: {}, limit: "max_tokens" };
const CHAT_ENDPOINT = (dialect: DialectName) => ({ ...CHAT, path: PATHS.chat(dialect), read: saidByChat });

const ENDPOINTS = {
  openai: CHAT_ENDPOINT("openai"),
  together: CHAT_ENDPOINT("together"),
  fireworks: CHAT_ENDPOINT("fireworks"),
  completions: {
    question: { prompt: "A lantern is" },
    always: {},
    limit: "max_tokens",
    path: PATHS.completions("openai"),
    read: saidByCompletion,
  },
  responses: {
    question: { input: "What is a lantern?" },
    always: { store: false },
    limit: "max_output_tokens",
    path: PATHS.responses,
    read: saidByResponse,
  },
  messages: { ...CHAT, path: PATHS.messages, read: saidByMessage },
} as const satisfies Record<ApiName, { question: Body; always: Body; limit: string; path: string; read: (json: unknown) => Said }>;

/** One API of the platform, with a short question that everything is tried with. */
export class ProbedApi {
  readonly name: ApiName;
  readonly call: Call;
  readonly path: string;
  readonly #endpoint: (typeof ENDPOINTS)[ApiName];

  constructor(name: ApiName, call: Call) {
    this.name = name;
    this.call = call;
    this.#endpoint = ENDPOINTS[name];
    this.path = this.#endpoint.path;
  }

  /** The prompt alone. */
  get question(): Body {
    return this.#endpoint.question;
  }

  /** The body, as short an answer as it says. Fields win. */
  request(fields: Body, tokens = 2): Body {
    return { ...this.question, ...this.#endpoint.always, temperature: 0, [this.#endpoint.limit]: tokens, ...fields };
  }

  /** @throws when the request is not answered well. */
  json(fields: Body, tokens?: number): Promise<unknown> {
    return postWell(this.call, this.path, this.request(fields, tokens));
  }

  async say(fields: Body, tokens?: number): Promise<Said> {
    return this.read(await this.json(fields, tokens));
  }

  read(json: unknown): Said {
    return this.#endpoint.read(json);
  }

  frames(fields: Body, tokens?: number): Promise<unknown[]> {
    return postStreamed(this.call, this.path, this.request(fields, tokens));
  }

  answer(fields: Body, tokens?: number): Promise<Answer> {
    return post(this.call, this.path, this.request(fields, tokens));
  }

  /** @throws when the request does not fail. */
  async failure(fields: Body): Promise<Failure> {
    const { status, json } = await this.answer(fields);
    if (this.name === "messages") {
      const { error } = messagesFailure.parse(json);
      return { status, code: error.details.error_code, param: error.details.param, message: error.message };
    }
    return { status, ...openaiFailure.parse(json).error };
  }

  async ignored(fields: Body): Promise<readonly string[]> {
    const { status, headers } = await this.answer(fields);
    if (status !== 200) throw new Error(`${this.path} answered ${JSON.stringify(fields)} with ${status}.`);
    return headers.get("x-bonfire-ignored")?.split(", ") ?? [];
  }
}

function saidByChat(json: unknown): Said {
  const { choices, usage } = toldByChat(json);
  const [choice] = choices;
  return {
    text: choice?.content ?? "",
    calls: (choice?.calls ?? []).map(({ name, arguments: text }) => ({ name, input: JSON.parse(text) })),
    end: choice?.finishReason,
    tokens: usage?.completion_tokens,
    promptTokens: usage?.prompt_tokens,
  };
}

function saidByCompletion(json: unknown): Said {
  const { choices, usage } = toldByCompletion(json);
  const [choice] = choices;
  return {
    ...{ text: choice?.text ?? "", calls: [], end: choice?.finishReason },
    ...{ tokens: usage?.completion_tokens, promptTokens: usage?.prompt_tokens },
  };
}

function saidByResponse(json: unknown): Said {
  const { output, status, reason, tokens } = toldByResponse(json);
  return {
    text: output.flatMap(({ type, said }) => (type === "message" ? [said] : [])).join(""),
    calls: output.flatMap(({ type, name = "", said }) => (type === "function_call" ? [{ name, input: JSON.parse(said) }] : [])),
    end: reason ?? status,
    tokens: tokens?.output,
    promptTokens: tokens?.input,
  };
}

function saidByMessage(json: unknown): Said {
  const { blocks, stopReason, tokens } = toldByMessage(json);
  return {
    text: blocks.map(({ type, said }) => (type === "text" ? said : "")).join(""),
    calls: blocks.flatMap(({ type, name = "", said }) => (type === "tool_use" ? [{ name, input: said }] : [])),
    end: stopReason,
    tokens: tokens.output,
    promptTokens: tokens.input,
  };
}
