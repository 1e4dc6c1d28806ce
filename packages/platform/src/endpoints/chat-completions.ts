import { chatCompletion, chatCompletionChunk, chatCompletionRequest } from "@bonfire/protocol/chat-completions";
import { readChatCall } from "../dialects/openai-chat/serving.ts";
import { writeChatCompletion } from "../dialects/openai-chat/serving-answer.ts";
import { writeChatFrames } from "../dialects/openai-chat/serving-stream.ts";
import type { Serving } from "../serving/serving.ts";
import { type AnswerWriter, answerGeneration } from "./answer-generation.ts";
import { headOf } from "./answer-head.ts";
import type { Endpoint } from "./endpoint.ts";

export function chatCompletions(serving: Serving): Endpoint {
  return {
    method: "POST",
    paths: ["/v1/chat/completions"],
    permission: "inference",
    summary: "Answer a conversation.",
    schemas: { body: chatCompletionRequest, answer: chatCompletion, chunk: chatCompletionChunk },
    handle: async (request, caller) => {
      const call = readChatCall(request.body, request.dialect);
      const head = headOf(request, "chatcmpl", call.model);
      const write: AnswerWriter = {
        whole: (generation) => writeChatCompletion(generation, head, call.style),
        frames: (events) => writeChatFrames(events, head, call.style),
      };
      return answerGeneration({ serving, name: "chat.completions", promptParam: "messages" }, { request, caller, call, write });
    },
  };
}
