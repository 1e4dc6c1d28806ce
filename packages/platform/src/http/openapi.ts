import { errorBody, fireworksErrorBody } from "@bonfire/protocol/error-body";
import { z } from "zod";
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from "zod-openapi";
import type { Endpoint } from "../endpoints/endpoint.ts";

/** What follows the address, and stands before every path: each says whose API the client was written for. */
const SERVERS = [
  { url: "/", description: "OpenAI's API, or whichever the key or the client's name says." },
  { url: "/openai", description: "OpenAI's API." },
  { url: "/together", description: "Together's API." },
  { url: "/inference", description: "Fireworks' API, also below /fireworks." },
];

const anyErrorBody = z.union([errorBody, fireworksErrorBody]);

/** OpenAPI 3.1 of a list of endpoints, from the schemas that they parse and answer with. */
export function describeApi(endpoints: readonly Endpoint[], version: string): ReturnType<typeof createDocument> {
  const paths: ZodOpenApiPathsObject = {};
  for (const endpoint of endpoints) {
    for (const path of endpoint.paths) {
      const template = openApiPath(path);
      paths[template] = { ...paths[template], [endpoint.method.toLowerCase()]: describeOperation(endpoint) };
    }
  }
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Bonfire",
      version,
      description: "An OpenAI-compatible API on machines of your own, and its administration under /admin/v1.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: SERVERS,
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
      },
    },
  });
}

function describeOperation({ summary, permission, schemas }: Endpoint): ZodOpenApiOperationObject {
  const {
    body,
    query,
    params,
    answer,
    answerType = "application/json",
    chunk,
    failure = anyErrorBody,
    status = 200,
    alternatives = {},
  } = schemas;
  return {
    summary,
    security: permission === "public" ? [] : [{ bearer: [] }, { apiKey: [] }],
    ...(body === undefined ? {} : { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
    requestParams: { ...(query === undefined ? {} : { query }), ...(params === undefined ? {} : { path: params }) },
    responses: {
      [String(status)]: {
        description: "Success.",
        content: { [answerType]: { schema: answer }, ...(chunk === undefined ? {} : { "text/event-stream": { schema: chunk } }) },
      },
      ...Object.fromEntries(
        Object.entries(alternatives).map(([other, schema]) => [
          other,
          { description: "Not yet.", content: { "application/json": { schema } } },
        ]),
      ),
      default: { description: "Any failure; `x-request-id` names the request.", content: { "application/json": { schema: failure } } },
    },
  };
}

/** Fastify's `:name` and `*` become `{name}` and `{model}`. */
function openApiPath(path: string): string {
  return path.replaceAll(/:(\w+)/g, "{$1}").replace("*", "{model}");
}
