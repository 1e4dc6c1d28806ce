import { z } from "zod";
import { readErrorAnswer } from "../../dialects/openai-errors/calling.ts";
import { ReplicaHttp } from "../../egress/replica-http.ts";
import type { ModelClient, ReplicaConnection, ReplicaHealth } from "../../engine/engine.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateEvent, GenerateRequest, TokenizeRequest } from "../../engine/generation.ts";
import { mergeGenerations } from "../../engine/merge-generations.ts";
import { abortable } from "./abortable.ts";
import { answerGrammar } from "./answer-grammar.ts";
import { ChoiceRun, type PreparedGeneration } from "./choice-run.ts";
import { LlamaHttp } from "./llama-http.ts";
import { PromptPreparation } from "./prepare-prompt.ts";
import { tellPrompt, tellsPrompt } from "./prompt-event.ts";
import { SlotPool } from "./slot-pool.ts";
import { learnTemplate, type TemplateFacts } from "./template-facts.ts";
import { GRAMMAR_TOKEN_DEADLINE_MS } from "./token-deadline.ts";

const slotList = z.array(z.object({ is_processing: z.boolean() }));

interface LlamacppClientOptions {
  /** Between two tokens of an answer that a grammar binds. */
  readonly tokenDeadlineMs?: number;
}

/** A client of one llama.cpp server that is ours alone. */
export class LlamacppClient implements ModelClient {
  readonly #http: ReplicaHttp;
  readonly #llama: LlamaHttp;
  readonly #model: string;
  readonly #slots: SlotPool;
  readonly #prompts: PromptPreparation;
  readonly #tokenDeadlineMs: number;
  #template: Promise<TemplateFacts> | undefined;
  /** Settles, with the reason, when the server is beyond help and has to be started again. */
  readonly lost: Promise<string>;
  #giveUp: (reason: string) => void = () => undefined;
  #isStuck = false;

  constructor(replica: ReplicaConnection, { tokenDeadlineMs = GRAMMAR_TOKEN_DEADLINE_MS }: LlamacppClientOptions = {}) {
    this.#model = replica.model;
    this.lost = new Promise((resolve) => {
      this.#giveUp = resolve;
    });
    this.#slots = new SlotPool(replica.slots ?? 1);
    this.#tokenDeadlineMs = tokenDeadlineMs;
    this.#http = new ReplicaHttp({
      address: replica.address,
      credentials: replica.credentials,
      readError: readErrorAnswer,
      keepConnections: false,
    });
    this.#llama = new LlamaHttp(this.#http);
    this.#prompts = new PromptPreparation(this.#llama, replica.contextLength ?? Number.POSITIVE_INFINITY, this.#learnTemplate);
  }

  /** The server refuses more choices than it has slots, so each choice is a request of its own that runs when a slot is free. */
  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    const prepare = once(() => this.#prepare(request, signal));
    if (request.choices === 1) return this.#generateChoice(request, prepare, signal);
    const parts = Array.from({ length: request.choices }, (_, choice) => ({
      choices: 1,
      events: (all: AbortSignal) => this.#generateChoice(nthChoice(request, choice), prepare, all),
    }));
    return mergeGenerations(parts, { promptIsShared: true, signal });
  }

  tokenize(request: TokenizeRequest, signal: AbortSignal): Promise<readonly number[]> {
    return this.#prompts.tokenize(request, signal);
  }

  detokenize(tokens: readonly number[], signal: AbortSignal): Promise<string> {
    return this.#llama.detokenize(tokens, signal);
  }

  async health(signal: AbortSignal): Promise<ReplicaHealth> {
    // It would say that it is well.
    if (this.#isStuck) throw new EngineError("timeout", "The engine is stuck in a grammar.");
    try {
      const slots = slotList.safeParse(await this.#http.getJson("slots", signal));
      if (!slots.success) throw new EngineError("bad-response", "The engine's list of slots cannot be read.", { cause: slots.error });
      return { state: "ready", busySlots: slots.data.filter((slot) => slot.is_processing).length, models: [{ id: this.#model }] };
    } catch (error) {
      // 503 while the model loads.
      if (error instanceof EngineError && error.kind === "overloaded") return { state: "starting" };
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #generateChoice(request: GenerateRequest, prepare: () => Promise<PreparedGeneration>, signal: AbortSignal): AsyncIterable<GenerateEvent> {
    const server = {
      http: this.#http,
      llama: this.#llama,
      slots: this.#slots,
      tokenDeadlineMs: this.#tokenDeadlineMs,
      onStuck: () => {
        this.#isStuck = true;
        this.#giveUp("it was stuck in the grammar of an answer");
      },
    };
    return new ChoiceRun(server, request).events(prepare, signal);
  }

  /** @throws EngineError for what cannot be served, before any compute */
  async #prepare(request: GenerateRequest, signal: AbortSignal): Promise<PreparedGeneration> {
    const grammar = answerGrammar(request);
    if (request.ignoreEos === true && (request.format !== undefined || grammar.hasCalls)) {
      throw new EngineError("unsupported", "An answer that has a format ends where the format ends.", { param: "ignore_eos" });
    }
    const prompt = await this.#prompts.prepare(request, signal);
    const server = { http: this.#http, llama: this.#llama };
    let told: ReturnType<typeof tellPrompt> | undefined;
    const tellOnce = (slot: number, each: AbortSignal) => {
      told ??= tellPrompt(server, request, prompt, slot, each);
      return told;
    };
    return { prompt, grammar, tellPrompt: tellsPrompt(request) ? tellOnce : undefined };
  }

  readonly #learnTemplate = (signal: AbortSignal): Promise<TemplateFacts> => {
    // No signal: others may wait for it too.
    this.#template ??= learnTemplate(this.#llama, new AbortController().signal).catch((error: unknown) => {
      // The next request tries again.
      this.#template = undefined;
      throw error;
    });
    return abortable(this.#template, signal);
  };
}

/** The choices of a request share one prompt, which is read when the first of them begins. */
function once<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let running: Promise<Value> | undefined;
  return () => {
    running ??= work();
    return running;
  };
}

function nthChoice(request: GenerateRequest, choice: number): GenerateRequest {
  return { ...request, choices: 1, ...(request.seed === undefined ? {} : { seed: request.seed + choice }) };
}
