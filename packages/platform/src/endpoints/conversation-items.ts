import { addItemsRequest, conversation } from "@bonfire/protocol/conversations";
import { itemList, item as itemSchema, listItemsQuery } from "@bonfire/protocol/response-items";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { z } from "zod";
import { readInput } from "../dialects/openai-responses/read-items.ts";
import { itemNotFound } from "../responses/not-found.ts";
import type { Endpoint } from "./endpoint.ts";
import { writeItemList } from "./item-list.ts";
import { resolveReferences } from "./response-input.ts";
import { type ResponseParts, scopeOf } from "./response-parts.ts";

type Stores = Pick<ResponseParts, "conversations" | "store">;

const PARAMS = z.object({ conversation_id: z.string() });
const ITEM_PARAMS = PARAMS.extend({ item_id: z.string() });
/** Nothing of what it asks for is ever left out. */
const ITEM_QUERY = z.object({ include: z.unknown().optional(), "include[]": z.unknown().optional() });
const PATH = "/v1/conversations/:conversation_id/items";

export function addConversationItems({ conversations, store }: Stores): Endpoint {
  return {
    method: "POST",
    paths: [PATH],
    permission: "inference",
    summary: "Add items at the end of a conversation.",
    schemas: { params: PARAMS, query: ITEM_QUERY, body: addItemsRequest, answer: itemList },
    handle: async ({ params, body }, caller) => {
      const scope = scopeOf(caller);
      const { items } = parseRequest(addItemsRequest, body);
      const placed = await resolveReferences(readInput(items, "items"), scope, { store });
      const added = placed.map(({ item }) => item);
      await conversations.append(scope, params.conversation_id ?? "", added);
      return { json: writeItemList({ elements: added, hasMore: false }) };
    },
  };
}

export function listConversationItems({ conversations }: Stores): Endpoint {
  return {
    method: "GET",
    paths: [PATH],
    permission: "inference",
    summary: "List the items of a conversation.",
    schemas: { params: PARAMS, query: listItemsQuery, answer: itemList },
    handle: async ({ params, query }, caller) => {
      const { limit, order, after } = parseRequest(listItemsQuery, query);
      return { json: writeItemList(await conversations.list(scopeOf(caller), params.conversation_id ?? "", { limit, order, after })) };
    },
  };
}

export function getConversationItem({ conversations }: Stores): Endpoint {
  return {
    method: "GET",
    paths: [`${PATH}/:item_id`],
    permission: "inference",
    summary: "Fetch one item of a conversation.",
    schemas: { params: ITEM_PARAMS, query: ITEM_QUERY, answer: itemSchema },
    handle: async ({ params: { conversation_id: id = "", item_id: itemId = "" } }, caller) => {
      const found = await conversations.findItem(scopeOf(caller), id, itemId);
      if (found === undefined) throw itemNotFound(itemId, "item_id");
      return { json: found };
    },
  };
}

export function deleteConversationItem({ conversations }: Stores): Endpoint {
  return {
    method: "DELETE",
    paths: [`${PATH}/:item_id`],
    permission: "inference",
    summary: "Take one item out of a conversation.",
    schemas: { params: ITEM_PARAMS, answer: conversation },
    handle: async ({ params: { conversation_id: id = "", item_id: itemId = "" } }, caller) => {
      const scope = scopeOf(caller);
      if (!(await conversations.removeItem(scope, id, itemId))) throw itemNotFound(itemId, "item_id");
      return { json: await conversations.get(scope, id) };
    },
  };
}
