import { isLastMessageEvent, readMessagesStream } from "../../dialects/anthropic-messages/calling.ts";
import { writeMessagesBody } from "../../dialects/anthropic-messages/calling-body.ts";
import { readChatStream, writeChatBody } from "../../dialects/openai-chat/calling.ts";
import { readCompletionStream, writeCompletionBody } from "../../dialects/openai-completions/calling.ts";
import { readErrorAnswer } from "../../dialects/openai-errors/calling.ts";
import { ReplicaHttp } from "../../egress/replica-http.ts";
import type { Engine, ModelClient, ReplicaConnection, ReplicaHealth } from "../../engine/engine.ts";
import type { GenerateEvent, GenerateRequest, Prompt } from "../../engine/generation.ts";
import { fitRequest } from "./fit-request.ts";
import { listModels } from "./list-models.ts";
import { type Places, placesOf } from "./places.ts";
import { findProfile } from "./profiles.ts";
import { bodyShaper } from "./shape-body.ts";
import { spellMessages } from "./spell-messages.ts";
import type { UpstreamProfile } from "./upstream-profile.ts";
import { wholeAnswerAsChunk } from "./whole-answer.ts";

/** Any server that speaks OpenAI's chat completions, completions and models, or Anthropic's messages, by its base URL (`https://host/v1`). */
export const openaiCompatible: Engine = {
  name: "openai-compatible",
  connect: (replica) => new OpenaiCompatibleClient(replica),
};

type ChatPrompt = Extract<Prompt, { kind: "chat" }>;
type Body = Readonly<Record<string, unknown>>;

class OpenaiCompatibleClient implements ModelClient {
  readonly #http: ReplicaHttp;
  readonly #model: string;
  readonly #profile: UpstreamProfile;
  readonly #places: Places;
  readonly #shape: ReturnType<typeof bodyShaper>;

  constructor(replica: ReplicaConnection) {
    const profile = findProfile(replica.profile);
    this.#model = replica.model;
    this.#profile = profile;
    this.#places = placesOf(replica, profile);
    this.#shape = bodyShaper(profile);
    this.#http = new ReplicaHttp({
      address: replica.address,
      credentials: replica.credentials,
      headers: { ...profile.headers, ...replica.headers },
      query: replica.query,
      connectTimeoutMs: replica.connectTimeoutMs,
      model: replica.model,
      readError: readErrorAnswer,
      keepConnections: true,
    });
  }

  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    try {
      return this.#generate(request, signal);
    } catch (error) {
      return failing(error);
    }
  }

  #generate(asked: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    const { request, ignored } = fitRequest(asked, this.#profile);
    const { prompt, choices, trace: headers } = request;
    const reading = { asked: request, ignored };
    if (prompt.kind !== "chat") {
      const body = this.#shaped(writeCompletionBody(prompt, this.#plain(request), this.#model), request);
      return readCompletionStream(this.#http.postForEvents(this.#places.completions, { body, headers, signal }), choices, reading);
    }
    const chat = this.#spelt(prompt);
    if (this.#profile.wire === "anthropic") {
      const { defaultMaxTokens } = this.#profile;
      const body = this.#shaped(writeMessagesBody(chat, request, { model: this.#model, defaultMaxTokens }), request);
      const data = this.#http.postForEvents(this.#places.chat, { body, headers, signal, isLast: isLastMessageEvent });
      return readMessagesStream(data, reading);
    }
    const body = this.#shaped(writeChatBody(chat, this.#plain(request), this.#model), request);
    const data = this.#http.postForEvents(this.#places.chat, { body, headers, signal });
    return readChatStream(wholeAnswerAsChunk(data), choices, reading);
  }

  async health(signal: AbortSignal): Promise<ReplicaHealth> {
    const { lists } = this.#places;
    const models = await listModels((path) => this.#http.getJson(path, signal), { lists, idPrefix: this.#profile.idPrefix });
    return { state: "ready", ...(models === undefined ? {} : { models }) };
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  /** Without what the shape of the body says in the upstream's own way. */
  #plain(request: GenerateRequest): GenerateRequest {
    if (this.#profile.reasoning === "template") return request;
    const { reasoning: _, ...rest } = request;
    return rest;
  }

  #spelt(prompt: ChatPrompt): ChatPrompt {
    const messages = spellMessages(prompt.messages, this.#profile.messages);
    return messages === prompt.messages ? prompt : { kind: "chat", messages };
  }

  #shaped(body: Body, request: GenerateRequest): Body {
    return this.#shape === undefined ? body : this.#shape(body, request);
  }
}

/** What cannot be sent fails as everything does: when the first event is asked for. */
function failing(error: unknown): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}
