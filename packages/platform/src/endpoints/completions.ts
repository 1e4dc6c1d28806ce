import { completion, completionChunk, completionRequest } from "@bonfire/protocol/completions";
import { readCompletionCall } from "../dialects/openai-completions/serving.ts";
import { writeCompletion } from "../dialects/openai-completions/serving-answer.ts";
import { writeCompletionFrames } from "../dialects/openai-completions/serving-stream.ts";
import type { Serving } from "../serving/serving.ts";
import { type AnswerWriter, answerGeneration } from "./answer-generation.ts";
import { headOf } from "./answer-head.ts";
import type { Endpoint } from "./endpoint.ts";

export function completions(serving: Serving): Endpoint {
  return {
    method: "POST",
    paths: ["/v1/completions"],
    permission: "inference",
    summary: "Continue one text or several.",
    schemas: { body: completionRequest, answer: completion, chunk: completionChunk },
    handle: async (request, caller) => {
      const call = readCompletionCall(request.body, request.dialect);
      const head = headOf(request, "cmpl", call.model);
      const write: AnswerWriter = {
        whole: (generation) => writeCompletion(generation, head, call.style),
        frames: (events) => writeCompletionFrames(events, head, call.style),
      };
      return answerGeneration({ serving, name: "completions", promptParam: "prompt" }, { request, caller, call, write });
    },
  };
}
