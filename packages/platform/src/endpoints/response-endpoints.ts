import type { Serving } from "../serving/serving.ts";
import { addConversationItems, deleteConversationItem, getConversationItem, listConversationItems } from "./conversation-items.ts";
import { createConversation, deleteConversation, getConversation, updateConversation } from "./conversations.ts";
import type { Endpoint } from "./endpoint.ts";
import { countInputTokens } from "./response-input-tokens.ts";
import type { ResponseParts } from "./response-parts.ts";
import { createResponse } from "./responses.ts";
import { cancelResponse, deleteResponse, getResponse, listInputItems } from "./stored-responses.ts";

/** OpenAI's Responses API, with its conversations. */
export function responseEndpoints(serving: Serving, parts: ResponseParts): Endpoint[] {
  return [
    ...[createResponse(serving, parts), countInputTokens(serving, parts)],
    ...[getResponse(parts), deleteResponse(parts), cancelResponse(parts), listInputItems(parts)],
    ...[createConversation(parts), getConversation(parts), updateConversation(parts), deleteConversation(parts)],
    ...[addConversationItems(parts), listConversationItems(parts), getConversationItem(parts), deleteConversationItem(parts)],
  ];
}
