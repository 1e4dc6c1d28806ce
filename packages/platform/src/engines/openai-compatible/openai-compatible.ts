import { z } from "zod";
import { readChatStream, writeChatBody } from "../../dialects/openai-chat/calling.ts";
import { readCompletionStream, writeCompletionBody } from "../../dialects/openai-completions/calling.ts";
import { readErrorAnswer } from "../../dialects/openai-errors/calling.ts";
import { ReplicaHttp } from "../../egress/replica-http.ts";
import type { Engine, ModelClient, ReplicaConnection, ReplicaHealth } from "../../engine/engine.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateEvent, GenerateRequest } from "../../engine/generation.ts";
import { fitRequest } from "./fit-request.ts";
import { findProfile, type UpstreamProfile } from "./profiles.ts";

/** Any server that speaks OpenAI's chat completions, completions and models, by its base URL (`https://host/v1`). */
export const openaiCompatible: Engine = {
  name: "openai-compatible",
  connect: (replica) => new OpenaiCompatibleClient(replica),
};

const modelList = z.object({ data: z.array(z.object({ id: z.string() })) });

class OpenaiCompatibleClient implements ModelClient {
  readonly #http: ReplicaHttp;
  readonly #model: string;
  readonly #profile: UpstreamProfile;

  constructor(replica: ReplicaConnection) {
    this.#model = replica.model;
    this.#profile = findProfile(replica.profile);
    this.#http = new ReplicaHttp({
      address: replica.address,
      credentials: replica.credentials,
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
    if (prompt.kind === "chat") {
      const body = respell(writeChatBody(prompt, request, this.#model), this.#profile.chatSpelling);
      return readChatStream(this.#http.postForEvents("chat/completions", { body, headers, signal }), choices, reading);
    }
    const body = writeCompletionBody(prompt, request, this.#model);
    return readCompletionStream(this.#http.postForEvents("completions", { body, headers, signal }), choices, reading);
  }

  async health(signal: AbortSignal): Promise<ReplicaHealth> {
    const answer = modelList.safeParse(await this.#http.getJson("models", signal));
    if (!answer.success) throw new EngineError("bad-response", "The engine's list of models cannot be read.", { cause: answer.error });
    return { state: "ready", models: answer.data.data.map((model) => model.id) };
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}

function respell(body: Readonly<Record<string, unknown>>, names: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [names[name] ?? name, value]));
}

/** What cannot be sent fails as everything does: when the first event is asked for. */
function failing(error: unknown): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}
