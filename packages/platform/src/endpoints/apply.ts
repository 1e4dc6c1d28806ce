import { applyRequest, applyResult } from "@bonfire/protocol/apply";
import type { ResourceApplication } from "../resources/apply-resources.ts";
import type { Endpoint } from "./endpoint.ts";
import { parseWithKeys } from "./upstream-body.ts";
import { withDatabase } from "./with-database.ts";

export function applyResources(application: Pick<ResourceApplication, "apply">): Endpoint {
  return {
    method: "POST",
    paths: ["/admin/v1/apply"],
    permission: "admin",
    summary:
      "Make upstreams, routes and aliases as a file says, all of them or none; the same file changes nothing the second time. The answer tells each change.",
    schemas: { body: applyRequest, answer: applyResult },
    handle: async ({ body, signal }) => {
      const request = parseWithKeys(applyRequest, body);
      return { json: await withDatabase(application.apply(request, signal)) };
    },
  };
}
