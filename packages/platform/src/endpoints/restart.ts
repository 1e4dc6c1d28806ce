import { restart, restartRequest } from "@bonfire/protocol/restart";
import { parseRequest } from "@bonfire/protocol/validation-error";
import type { Endpoint } from "./endpoint.ts";

/** @param begin begins to replace the workers. @returns how many there are. @throws ApiError `conflict` where there are none. */
export function restartWorkers(begin: () => number): Endpoint {
  return {
    method: "POST",
    paths: ["/admin/v1/restart"],
    permission: "admin",
    summary: "Replace the workers one after the other, without a request that fails of it. Settings are read again.",
    schemas: { body: restartRequest, answer: restart },
    handle: async ({ body }) => {
      parseRequest(restartRequest, body);
      return { json: { object: "restart", workers: begin() } };
    },
  };
}
