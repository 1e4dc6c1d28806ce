import { message, messageStreamEvent, messagesError } from "@bonfire/protocol/message-events";
import { countTokensRequest, messagesRequest, tokenCount } from "@bonfire/protocol/messages";
import { writeMessagesError } from "../dialects/anthropic-messages/errors.ts";
import { readMessagesCall, readTokenCountCall } from "../dialects/anthropic-messages/serving.ts";
import { writeMessageFrames } from "../dialects/anthropic-messages/write-frames.ts";
import { writeMessage } from "../dialects/anthropic-messages/write-message.ts";
import type { Serving } from "../serving/serving.ts";
import { type AnswerWriter, answerGeneration } from "./answer-generation.ts";
import { answerHeaders } from "./answer-headers.ts";
import type { Endpoint, FailureFormat } from "./endpoint.ts";

/** Anthropic's SDKs raise no other event, and read the id from a header of their own. */
const FAILURES: FailureFormat = {
  body: writeMessagesError,
  event: "error",
  requestIdHeader: "request-id",
  clientHeader: "anthropic-version",
};

export function messages(serving: Serving): Endpoint {
  return {
    method: "POST",
    paths: ["/v1/messages"],
    permission: "inference",
    summary: "Answer a conversation, in the shape of Anthropic's API.",
    schemas: { body: messagesRequest, answer: message, chunk: messageStreamEvent, failure: messagesError },
    failures: FAILURES,
    handle: async (request, caller) => {
      const call = readMessagesCall(request.body);
      const head = { id: request.id.replace("req_", "msg_"), model: call.model };
      const write: AnswerWriter = {
        whole: (generation) => writeMessage(generation, head, call.style),
        frames: (events) => writeMessageFrames(events, head, call.style),
      };
      return answerGeneration({ serving, name: "messages", promptParam: "messages" }, { request, caller, call, write });
    },
  };
}

export function countMessageTokens(serving: Serving): Endpoint {
  return {
    method: "POST",
    paths: ["/v1/messages/count_tokens"],
    permission: "inference",
    summary: "Count the tokens of a conversation, in the shape of Anthropic's API.",
    schemas: { body: countTokensRequest, answer: tokenCount, failure: messagesError },
    failures: FAILURES,
    handle: async (request) => {
      const call = readTokenCountCall(request.body);
      const model = serving.find(call.model);
      request.facts.model = model.id;
      const tokens = await serving.tokenize(model, call.request, "messages", request.signal);
      const headers = answerHeaders({ modelId: model.id, ignored: call.ignored });
      return { headers, json: { input_tokens: tokens.length } };
    },
  };
}
