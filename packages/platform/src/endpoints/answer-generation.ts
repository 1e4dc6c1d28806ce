import type { SseFrame } from "@bonfire/protocol/sse";
import type { Caller } from "../access/caller.ts";
import { foldGeneration, type Generation } from "../engine/fold-generation.ts";
import type { GenerateEvent } from "../engine/generation.ts";
import type { Generate, Serving } from "../serving/serving.ts";
import type { Answer, EndpointRequest } from "./endpoint.ts";
import { type GenerationCall, routeGeneration } from "./route-generation.ts";

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
  const { generation, headers } = routeGeneration(serving, { request, caller, call, endpoint: name, promptParam });
  const events = serving.generate({ ...generation, isSeenWhole: !call.stream }, request.signal);
  if (call.stream) return { headers, frames: write.frames(events) };
  const whole = await foldGeneration(events);
  return { headers: headers(), json: write.whole(whole) };
}
