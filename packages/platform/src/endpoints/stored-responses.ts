import { ApiError } from "@bonfire/protocol/errors";
import { responseEvent } from "@bonfire/protocol/response-events";
import { itemList, listItemsQuery } from "@bonfire/protocol/response-items";
import { deletedResponse, getResponseQuery, type ResponseObject, responseObject } from "@bonfire/protocol/responses";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { z } from "zod";
import { isUnderWay } from "../responses/background-store.ts";
import { responseNotFound } from "../responses/not-found.ts";
import type { Scope } from "../responses/scope.ts";
import type { Endpoint } from "./endpoint.ts";
import { followResponse } from "./follow-response.ts";
import { writeItemList } from "./item-list.ts";
import { type ResponseParts, scopeOf } from "./response-parts.ts";

const PARAMS = z.object({ response_id: z.string() });

export function getResponse(parts: ResponseParts): Endpoint {
  return {
    method: "GET",
    paths: ["/v1/responses/:response_id"],
    permission: "inference",
    summary: "Fetch a stored response, or follow the stream of a background one.",
    schemas: { params: PARAMS, query: getResponseQuery, answer: responseObject, chunk: responseEvent },
    handle: async ({ params, query, signal }, caller) => {
      const { stream = false, starting_after: after } = parseRequest(getResponseQuery, query);
      const scope = scopeOf(caller);
      const response = await requireResponse(parts, scope, params.response_id);
      if (!stream) {
        if (after === undefined) return { json: response };
        throw new ApiError("invalid_value", "'starting_after' is only allowed when 'stream' is true.", { param: "starting_after" });
      }
      if (!response.background) {
        throw new ApiError("invalid_value", "Only responses that were created with 'background' have a stream to come back to.", {
          param: "stream",
        });
      }
      return { frames: followResponse(parts, { scope, response, after: after ?? -1, signal }) };
    },
  };
}

export function deleteResponse({ store, runs }: ResponseParts): Endpoint {
  return {
    method: "DELETE",
    paths: ["/v1/responses/:response_id"],
    permission: "inference",
    summary: "Delete a stored response; one that runs in the background ends.",
    schemas: { params: PARAMS, answer: deletedResponse },
    handle: async ({ params }, caller) => {
      const id = params.response_id ?? "";
      if (!(await store.remove(scopeOf(caller), id))) throw responseNotFound(id);
      await runs.abort(id);
      return { json: { id, object: "response", deleted: true } };
    },
  };
}

export function cancelResponse(parts: ResponseParts): Endpoint {
  const { background, runs } = parts;
  return {
    method: "POST",
    paths: ["/v1/responses/:response_id/cancel"],
    permission: "inference",
    summary: "Cancel a background response.",
    schemas: { params: PARAMS, answer: responseObject },
    handle: async ({ params }, caller) => {
      const scope = scopeOf(caller);
      const response = await requireResponse(parts, scope, params.response_id);
      if (!response.background) {
        throw new ApiError("invalid_value", "Only responses that were created with 'background' can be cancelled.", {
          param: "response_id",
        });
      }
      // Once it has ended, cancelling changes nothing.
      if (!isUnderWay(response)) return { json: response };
      await background.cancel(scope, response.id);
      await runs.abort(response.id);
      return { json: await requireResponse(parts, scope, response.id) };
    },
  };
}

export function listInputItems({ store }: ResponseParts): Endpoint {
  return {
    method: "GET",
    paths: ["/v1/responses/:response_id/input_items"],
    permission: "inference",
    summary: "List the items that a stored response answers.",
    schemas: { params: PARAMS, query: listItemsQuery, answer: itemList },
    handle: async ({ params, query }, caller) => {
      const { limit, order, after } = parseRequest(listItemsQuery, query);
      const page = await store.listInput(scopeOf(caller), params.response_id ?? "", { limit, order, after });
      return { json: writeItemList(page) };
    },
  };
}

async function requireResponse({ store }: ResponseParts, scope: Scope, id = ""): Promise<ResponseObject> {
  const response = await store.find(scope, id);
  if (response === undefined) throw responseNotFound(id);
  return response;
}
