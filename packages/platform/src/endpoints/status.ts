import { type PlatformStatus, platformStatus } from "@bonfire/protocol/status";
import type { Endpoint } from "./endpoint.ts";

export function getStatus(readStatus: () => Promise<PlatformStatus>): Endpoint {
  return {
    method: "GET",
    paths: ["/admin/v1/status"],
    permission: "admin",
    summary: "How the platform is doing.",
    schemas: { answer: platformStatus },
    handle: async () => ({ json: await readStatus() }),
  };
}
