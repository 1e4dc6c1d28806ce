import { chatCompletion, chatCompletionChunk, chatCompletionRequest } from "@bonfire/protocol/chat-completions";
import { ApiError } from "@bonfire/protocol/errors";
import { wireId } from "@bonfire/protocol/ids";
import { readChatCall, writeChatCompletion, writeChatFrames } from "../dialects/openai-chat/serving.ts";
import { foldGeneration } from "../engine/fold-generation.ts";
import type { Serving } from "../serving/serving.ts";
import { answerHeaders } from "./answer-headers.ts";
import { type Endpoint, inferencePaths } from "./endpoint.ts";
import { originOf } from "./origin.ts";

export function chatCompletions(serving: Serving): Endpoint {
  return {
    method: "POST",
    paths: inferencePaths("/chat/completions"),
    permission: "inference",
    summary: "Answer a conversation.",
    schemas: { body: chatCompletionRequest, answer: chatCompletion, chunk: chatCompletionChunk },
    handle: async (request, caller) => {
      const call = readChatCall(request.body);
      const model = serving.find(call.model);
      request.facts.model = model.id;
      if (!model.chat) {
        throw new ApiError("invalid_value", `${model.id} is a base model without a chat template; use /v1/completions.`, {
          param: "model",
        });
      }
      const origin = originOf(request, { caller, endpoint: "chat.completions", streamed: call.delivery.stream });
      const events = serving.generate({ model, requests: [call.request], promptParam: "messages", origin }, request.signal);
      const head = { id: wireId("chatcmpl", request.id), created: Math.floor(Date.now() / 1_000), model: call.model };
      const headers = answerHeaders(model.id, call.ignored);
      if (call.delivery.stream) return { headers, frames: writeChatFrames(events, head, call.delivery) };
      return { headers, json: writeChatCompletion(await foldGeneration(events), head) };
    },
  };
}
