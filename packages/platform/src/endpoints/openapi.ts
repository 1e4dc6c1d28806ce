import { z } from "zod";
import type { Endpoint } from "./endpoint.ts";

/** The document that describes all other endpoints, generated from their schemas. */
export function getOpenApi(document: unknown): Endpoint {
  return {
    method: "GET",
    paths: ["/openapi.json"],
    permission: "public",
    summary: "This description of the API.",
    schemas: { answer: z.looseObject({ openapi: z.string() }) },
    handle: async () => ({ json: document }),
  };
}
