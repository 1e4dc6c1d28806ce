import { conversation, createConversationRequest, deletedConversation, updateConversationRequest } from "@bonfire/protocol/conversations";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { z } from "zod";
import { readInput } from "../dialects/openai-responses/read-items.ts";
import type { Endpoint } from "./endpoint.ts";
import { resolveReferences } from "./response-input.ts";
import { type ResponseParts, scopeOf } from "./response-parts.ts";

type Stores = Pick<ResponseParts, "conversations" | "store">;

const PARAMS = z.object({ conversation_id: z.string() });
const PATH = "/v1/conversations/:conversation_id";

export function createConversation({ conversations, store }: Stores): Endpoint {
  return {
    method: "POST",
    paths: ["/v1/conversations"],
    permission: "inference",
    summary: "Begin a conversation that responses can add to.",
    schemas: { body: createConversationRequest, answer: conversation },
    handle: async ({ body }, caller) => {
      const scope = scopeOf(caller);
      const { items, metadata } = parseRequest(createConversationRequest, body ?? {});
      const placed = await resolveReferences(readInput(items, "items"), scope, { store });
      const created = await conversations.create(
        scope,
        metadata ?? {},
        placed.map(({ item }) => item),
      );
      return { json: created };
    },
  };
}

export function getConversation({ conversations }: Stores): Endpoint {
  return {
    method: "GET",
    paths: [PATH],
    permission: "inference",
    summary: "Fetch a conversation.",
    schemas: { params: PARAMS, answer: conversation },
    handle: async ({ params }, caller) => ({ json: await conversations.get(scopeOf(caller), params.conversation_id ?? "") }),
  };
}

export function updateConversation({ conversations }: Stores): Endpoint {
  return {
    method: "POST",
    paths: [PATH],
    permission: "inference",
    summary: "Replace what is attached to a conversation.",
    schemas: { params: PARAMS, body: updateConversationRequest, answer: conversation },
    handle: async ({ params, body }, caller) => {
      const { metadata } = parseRequest(updateConversationRequest, body);
      return { json: await conversations.update(scopeOf(caller), params.conversation_id ?? "", metadata ?? {}) };
    },
  };
}

export function deleteConversation({ conversations }: Stores): Endpoint {
  return {
    method: "DELETE",
    paths: [PATH],
    permission: "inference",
    summary: "Delete a conversation and its items; responses that were part of it stay.",
    schemas: { params: PARAMS, answer: deletedConversation },
    handle: async ({ params }, caller) => {
      const id = params.conversation_id ?? "";
      await conversations.remove(scopeOf(caller), id);
      return { json: { id, object: "conversation.deleted", deleted: true } };
    },
  };
}
