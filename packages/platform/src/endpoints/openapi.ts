import { z } from "zod";
import type { Endpoint } from "./endpoint.ts";

/** The document that describes all other endpoints, generated from their schemas when it is first asked for: that takes a while. */
export function getOpenApi(describe: () => unknown): Endpoint {
  let document: unknown;
  return {
    method: "GET",
    paths: ["/openapi.json"],
    permission: "public",
    summary: "This description of the API.",
    schemas: { answer: z.looseObject({ openapi: z.string() }) },
    handle: async () => {
      document ??= describe();
      return { json: document };
    },
  };
}
