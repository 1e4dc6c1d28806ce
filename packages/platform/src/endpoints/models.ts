import { type Model, modelList, model as modelSchema } from "@bonfire/protocol/models";
import { z } from "zod";
import type { ServedModel } from "../serving/served-model.ts";
import type { Serving } from "../serving/serving.ts";
import { type Endpoint, inferencePaths } from "./endpoint.ts";

/** @param servedSince Unix seconds: models have no birthday of their own here, so it is when the platform began to serve them. */
export function listModels(serving: Serving, servedSince: number): Endpoint {
  return {
    method: "GET",
    paths: inferencePaths("/models"),
    permission: "inference",
    summary: "List the models that are served here.",
    schemas: { answer: modelList },
    handle: async () => ({ json: { object: "list", data: serving.models.map((model) => describe(model, servedSince)) } }),
  };
}

export function getModel(serving: Serving, servedSince: number): Endpoint {
  return {
    method: "GET",
    // Ids hold slashes, which some clients escape and others do not.
    paths: inferencePaths("/models/*"),
    permission: "inference",
    summary: "Describe one model, by id or alias.",
    schemas: { params: z.object({ model: z.string().describe("Id or alias; slashes may be escaped or not.") }), answer: modelSchema },
    handle: async ({ params }) => ({ json: describe(serving.find(params["*"] ?? ""), servedSince) }),
  };
}

function describe({ id, ownedBy, contextLength }: ServedModel, created: number): Model {
  return { id, object: "model", created, owned_by: ownedBy, ...(contextLength === undefined ? {} : { context_length: contextLength }) };
}
