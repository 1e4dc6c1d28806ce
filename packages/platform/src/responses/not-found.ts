import { ApiError } from "@bonfire/protocol/errors";

export function responseNotFound(id: string, param = "response_id"): ApiError {
  const what = param === "previous_response_id" ? "Previous response" : "Response";
  return new ApiError("response_not_found", `${what} with id '${id}' not found.`, { param });
}

export function conversationNotFound(id: string): ApiError {
  return new ApiError("conversation_not_found", `Conversation with id '${id}' not found.`, { param: "conversation" });
}

export function itemNotFound(id: string, param: string): ApiError {
  return new ApiError("item_not_found", `Item with id '${id}' not found.`, { param });
}
