import { modelList, model as modelSchema, togetherModel, togetherModelList } from "@bonfire/protocol/models";
import { z } from "zod";
import { type ListedModel, writeModel, writeModelList } from "../dialects/openai-serving/write-models.ts";
import type { ServedModel } from "../serving/served-model.ts";
import type { Serving } from "../serving/serving.ts";
import type { Endpoint } from "./endpoint.ts";

/** @param servedSince Unix seconds: models have no birthday of their own here, so it is when the platform began to serve them. */
export function listModels(serving: Serving, servedSince: number): Endpoint {
  return {
    method: "GET",
    paths: ["/v1/models"],
    permission: "inference",
    summary: "List the models that are served here.",
    schemas: { answer: z.union([modelList, togetherModelList]).describe("Together's clients get the bare array.") },
    handle: async ({ dialect }) => ({
      json: writeModelList([...serving.models.map((model) => describe(model, servedSince)), ...aliasesOf(serving, servedSince)], dialect),
    }),
  };
}

export function getModel(serving: Serving, servedSince: number): Endpoint {
  return {
    method: "GET",
    // Ids hold slashes, which some clients escape and others do not.
    paths: ["/v1/models/*"],
    permission: "inference",
    summary: "Describe one model, by id or alias.",
    schemas: {
      params: z.object({ model: z.string().describe("Id or alias; slashes may be escaped or not.") }),
      answer: z.union([modelSchema, togetherModel]),
    },
    handle: async ({ params, dialect }) => {
      const name = params["*"] ?? "";
      const alias = aliasesOf(serving, servedSince).find(({ id }) => id === name);
      return { json: writeModel(alias ?? describe(serving.find(name), servedSince), dialect) };
    },
  };
}

/** The operator's names stand as models of their own, so that pickers offer them. */
function aliasesOf(serving: Serving, created: number): ListedModel[] {
  return serving.aliases.map(({ name, model }) => ({ ...describe(model, created), id: name }));
}

function describe({ id, ownedBy, contextLength, chat, vision }: ServedModel, created: number): ListedModel {
  return { id, ownedBy, created, contextLength, chat, vision };
}
