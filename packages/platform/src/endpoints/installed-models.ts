import {
  type CatalogEntry,
  catalogList,
  type InstalledModel,
  installedModel,
  installedModelList,
  modelNameRequest,
  type PullEvent,
  type PullModelRequest,
  pullEvent,
  pullModelRequest,
  removedModel,
} from "@bonfire/protocol/installed-models";
import type { SseFrame } from "@bonfire/protocol/sse";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { z } from "zod";
import type { Endpoint } from "./endpoint.ts";

/** The models of this machine, as operators see them. All failures are `ApiError`s. */
export interface ModelAdministration {
  list(): Promise<readonly InstalledModel[]>;
  /** What could be pulled. */
  catalog(): Promise<readonly CatalogEntry[]>;
  /** Ends with `installed`. Leaving the loop or aborting the signal stops the download; what is there is kept for the next attempt. */
  pull(request: PullModelRequest, signal: AbortSignal): AsyncIterable<PullEvent>;
  /** @returns its id. */
  remove(name: string): Promise<string>;
  /** Settles when it is loaded. */
  load(name: string, signal: AbortSignal): Promise<InstalledModel>;
  unload(name: string): Promise<InstalledModel>;
}

export function listInstalledModels(models: ModelAdministration): Endpoint {
  return {
    method: "GET",
    paths: ["/admin/v1/models"],
    permission: "admin",
    summary: "List the models of this machine and what each is doing.",
    schemas: { answer: installedModelList },
    handle: async () => ({ json: { object: "list", data: await models.list() } }),
  };
}

export function listCatalog(models: ModelAdministration): Endpoint {
  return {
    method: "GET",
    paths: ["/admin/v1/catalog"],
    permission: "admin",
    summary: "List the models that are known by name, and whether this machine has the memory for them.",
    schemas: { answer: catalogList },
    handle: async () => ({ json: { object: "list", data: await models.catalog() } }),
  };
}

export function pullModel(models: ModelAdministration): Endpoint {
  return {
    method: "POST",
    paths: ["/admin/v1/models"],
    permission: "admin",
    summary: "Fetch a model. The answer is a stream that tells how far it is.",
    schemas: { body: pullModelRequest, answer: installedModel, chunk: pullEvent },
    handle: async ({ body, signal }) => ({ frames: toFrames(models.pull(parseRequest(pullModelRequest, body), signal)) }),
  };
}

export function removeModel(models: ModelAdministration): Endpoint {
  return {
    method: "DELETE",
    // Ids hold slashes, which some clients escape and others do not.
    paths: ["/admin/v1/models/*"],
    permission: "admin",
    summary: "Delete a model's files.",
    schemas: { params: z.object({ model: z.string().describe("Id or alias; slashes may be escaped or not.") }), answer: removedModel },
    handle: async ({ params }) => ({ json: { id: await models.remove(params["*"] ?? ""), object: "installed_model", deleted: true } }),
  };
}

export function loadModel(models: ModelAdministration): Endpoint {
  return {
    method: "POST",
    paths: ["/admin/v1/models/load"],
    permission: "admin",
    summary: "Load a model now; also one that failed before. Answers when it is loaded.",
    schemas: { body: modelNameRequest, answer: installedModel },
    handle: async ({ body, signal }) => ({ json: await models.load(parseRequest(modelNameRequest, body).model, signal) }),
  };
}

export function unloadModel(models: ModelAdministration): Endpoint {
  return {
    method: "POST",
    paths: ["/admin/v1/models/unload"],
    permission: "admin",
    summary: "Give a model's memory back once its running requests have ended.",
    schemas: { body: modelNameRequest, answer: installedModel },
    handle: async ({ body }) => ({ json: await models.unload(parseRequest(modelNameRequest, body).model) }),
  };
}

async function* toFrames(events: AsyncIterable<PullEvent>): AsyncGenerator<SseFrame> {
  for await (const event of events) yield { data: JSON.stringify(event) };
}
