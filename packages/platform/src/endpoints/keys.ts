import { ApiError } from "@bonfire/protocol/errors";
import { apiKeyList, createdKey, createKeyRequest, listKeysQuery, revokedKey } from "@bonfire/protocol/keys";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { z } from "zod";
import type { KeySnapshot } from "../access/key-snapshot.ts";
import type { KeyStore } from "../access/key-store.ts";
import type { Endpoint } from "./endpoint.ts";
import { withDatabase } from "./with-database.ts";

interface Keys {
  readonly store: KeyStore;
  readonly snapshot: KeySnapshot;
}

export function createKey({ store, snapshot }: Keys): Endpoint {
  return {
    method: "POST",
    paths: ["/admin/v1/keys"],
    permission: "admin",
    summary: "Create a key. Its secret is in this answer and nowhere else.",
    schemas: { body: createKeyRequest, answer: createdKey, status: 201 },
    handle: async ({ body }) => {
      const key = await withDatabase(store.create(parseRequest(createKeyRequest, body)));
      await withDatabase(snapshot.refresh());
      return { status: 201, json: key };
    },
  };
}

export function listKeys({ store }: Keys): Endpoint {
  return {
    method: "GET",
    paths: ["/admin/v1/keys"],
    permission: "admin",
    summary: "List keys in the order of their creation, revoked ones included.",
    schemas: { query: listKeysQuery, answer: apiKeyList },
    handle: async ({ query }) => {
      const { limit, after } = parseRequest(listKeysQuery, query);
      const { keys, hasMore } = await withDatabase(store.list({ limit, after }));
      return { json: { object: "list", data: keys, has_more: hasMore, last_id: keys.at(-1)?.id ?? null } };
    },
  };
}

export function revokeKey({ store, snapshot }: Keys): Endpoint {
  return {
    method: "DELETE",
    paths: ["/admin/v1/keys/:id"],
    permission: "admin",
    summary: "Revoke a key for good.",
    schemas: { params: z.object({ id: z.string() }), answer: revokedKey },
    handle: async ({ params }) => {
      const id = params.id ?? "";
      // No text in the database holds a NUL, and it fails when asked for one.
      const revoked = !id.includes("\0") && (await withDatabase(store.revoke(id)));
      if (!revoked) throw new ApiError("key_not_found", `There is no valid key '${id}'.`, { param: "id" });
      await withDatabase(snapshot.refresh());
      return { json: { id, object: "api_key", deleted: true } };
    },
  };
}
