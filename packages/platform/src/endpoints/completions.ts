import { completion, completionRequest } from "@bonfire/protocol/completions";
import { wireId } from "@bonfire/protocol/ids";
import { readCompletionCall, writeCompletion, writeCompletionFrames } from "../dialects/openai-completions/serving.ts";
import { foldGeneration } from "../engine/fold-generation.ts";
import type { Serving } from "../serving/serving.ts";
import { answerHeaders } from "./answer-headers.ts";
import { type Endpoint, inferencePaths } from "./endpoint.ts";
import { originOf } from "./origin.ts";

export function completions(serving: Serving): Endpoint {
  return {
    method: "POST",
    paths: inferencePaths("/completions"),
    permission: "inference",
    summary: "Continue one text or several.",
    schemas: { body: completionRequest, answer: completion, chunk: completion },
    handle: async (request, caller) => {
      const call = readCompletionCall(request.body);
      const model = serving.find(call.model);
      request.facts.model = model.id;
      const origin = originOf(request, { caller, endpoint: "completions", streamed: call.delivery.stream });
      const events = serving.generate({ model, requests: call.requests, promptParam: "prompt", origin }, request.signal);
      const head = { id: wireId("cmpl", request.id), created: Math.floor(Date.now() / 1_000), model: call.model };
      const headers = answerHeaders(model.id, call.ignored);
      if (call.delivery.stream) return { headers, frames: writeCompletionFrames(events, head, call.delivery) };
      return { headers, json: writeCompletion(await foldGeneration(events), head) };
    },
  };
}
