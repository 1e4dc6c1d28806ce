import type { Dialect } from "@bonfire/protocol/dialect";
import {
  detokenizeAnswer,
  detokenizeRequest,
  tokenizeAnswer,
  tokenizeChatRequest,
  tokenizeRequest,
  tokenizeTextRequest,
} from "@bonfire/protocol/tokenize";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { readChatCall } from "../dialects/openai-chat/serving.ts";
import { wellFormed } from "../dialects/well-formed.ts";
import type { TokenizeRequest } from "../engine/generation.ts";
import type { Generate, Serving } from "../serving/serving.ts";
import { answerHeaders } from "./answer-headers.ts";
import type { Endpoint } from "./endpoint.ts";

export function tokenize(serving: Serving): Endpoint {
  return {
    method: "POST",
    paths: ["/v1/tokenize"],
    permission: "inference",
    summary: "Tell the tokens of a text, or of a conversation as the model sees it.",
    schemas: { body: tokenizeRequest, answer: tokenizeAnswer },
    handle: async ({ body, dialect, facts, signal }) => {
      const call = readTokenizeCall(body, dialect);
      const model = serving.find(call.model);
      facts.model = model.id;
      const tokens = await serving.tokenize(model, call.request, call.promptParam, signal);
      return {
        headers: answerHeaders({ modelId: model.id, ignored: call.ignored }),
        json: { count: tokens.length, max_model_len: model.contextLength ?? null, tokens },
      };
    },
  };
}

export function detokenize(serving: Serving): Endpoint {
  return {
    method: "POST",
    paths: ["/v1/detokenize"],
    permission: "inference",
    summary: "Tell the text of tokens.",
    schemas: { body: detokenizeRequest, answer: detokenizeAnswer },
    handle: async ({ body, facts, signal }) => {
      const { model: name, tokens } = parseRequest(detokenizeRequest, body);
      const model = serving.find(name);
      facts.model = model.id;
      const prompt = tokens.length === 0 ? "" : await serving.detokenize(model, tokens, signal);
      return { headers: answerHeaders({ modelId: model.id, ignored: [] }), json: { prompt } };
    },
  };
}

interface TokenizeCall {
  readonly model: string;
  readonly request: TokenizeRequest;
  readonly promptParam: Generate["promptParam"];
  /** Fields that were accepted without effect. */
  readonly ignored: readonly string[];
}

/** @throws ApiError that names the field at fault. */
function readTokenizeCall(body: unknown, dialect: Dialect): TokenizeCall {
  const isChat = typeof body === "object" && body !== null && "messages" in body;
  return isChat ? readConversation(body, dialect) : readText(body);
}

function readText(body: unknown): TokenizeCall {
  const { model, prompt, add_special_tokens } = parseRequest(tokenizeTextRequest, body);
  const request = { prompt: { kind: "text", text: wellFormed(prompt) }, addSpecialTokens: add_special_tokens ?? true } as const;
  return { model, request, promptParam: "prompt", ignored: [] };
}

/** Read as the chat completion whose prompt it is, so that its tokens are those that the completion will have. */
function readConversation(body: unknown, dialect: Dialect): TokenizeCall {
  const { model, messages, tools, chat_template_kwargs } = parseRequest(tokenizeChatRequest, body);
  const { requests, ignored } = readChatCall({ model, messages, tools, chat_template_kwargs }, dialect);
  return { model, request: requests[0], promptParam: "messages", ignored };
}
