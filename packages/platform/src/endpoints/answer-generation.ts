import type { SseFrame } from "@bonfire/protocol/sse";
import type { Caller } from "../access/caller.ts";
import { foldGeneration, type Generation } from "../engine/fold-generation.ts";
import type { GenerateEvent, GenerateRequest } from "../engine/generation.ts";
import type { Generate, Serving } from "../serving/serving.ts";
import { answerHeaders } from "./answer-headers.ts";
import type { Answer, EndpointRequest } from "./endpoint.ts";
import { originOf } from "./origin.ts";

/** A request for text, read out of whatever dialect it came in. */
export interface GenerationCall {
  /** As the client named it. */
  readonly model: string;
  /** One for each prompt. */
  readonly requests: readonly GenerateRequest[];
  readonly stream: boolean;
  /** Fields that were accepted without effect. */
  readonly ignored: readonly string[];
}

interface GenerationEndpoint {
  readonly serving: Serving;
  /** Its name in the ledger: `chat.completions`. */
  readonly name: string;
  readonly promptParam: Generate["promptParam"];
}

/** How a dialect writes the answer. */
export interface AnswerWriter {
  readonly whole: (generation: Generation) => unknown;
  readonly frames: (events: AsyncIterable<GenerateEvent>) => AsyncIterable<SseFrame>;
}

/** From a call to its answer: the way of every endpoint that generates text. */
export async function answerGeneration(
  { serving, name, promptParam }: GenerationEndpoint,
  { request, caller, call, write }: { request: EndpointRequest; caller: Caller | undefined; call: GenerationCall; write: AnswerWriter },
): Promise<Answer> {
  const model = serving.find(call.model);
  request.facts.model = model.id;
  const origin = originOf(request, { caller, endpoint: name, streamed: call.stream });
  let headers = answerHeaders(model.id, call.ignored, undefined);
  const onStart: Generate["onStart"] = (start) => {
    headers = answerHeaders(model.id, call.ignored, start);
  };
  const events = serving.generate({ model, requests: call.requests, promptParam, origin, onStart }, request.signal);
  if (call.stream) return { headers: () => headers, frames: write.frames(events) };
  const generation = await foldGeneration(events);
  return { headers, json: write.whole(generation) };
}
