import { ApiError } from "@bonfire/protocol/errors";
import { putRouteRequest, removedRoute, route, routeDefinition, routeList, routeName } from "@bonfire/protocol/routes";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { z } from "zod";
import { faultOfRoute, missingDeployments } from "../routing/compile-route.ts";
import { type RouteStore, routeEtag, type StoredRoute } from "../routing/route-store.ts";
import type { Answer, Endpoint } from "./endpoint.ts";
import { expectedTag, tagConflict } from "./entity-tag.ts";
import { withDatabase } from "./with-database.ts";

export interface RouteAdministration {
  readonly store: RouteStore;
  /** Takes over what the store holds now. */
  readonly refresh: () => Promise<void>;
  /** Whether a deployment of this name is there now. */
  readonly isDeployment: (name: string) => boolean;
}

// Names hold slashes, which some clients escape and others do not.
const PATH = "/admin/v1/routes/*";
const pathParams = z.object({ model: routeName.describe("What clients name; slashes may be escaped or not.") });

export function listRoutes({ store, isDeployment }: RouteAdministration): Endpoint {
  return {
    method: "GET",
    paths: ["/admin/v1/routes"],
    permission: "admin",
    summary: "List the routes in the order of what clients name.",
    schemas: { answer: routeList },
    handle: async () => {
      const stored = await withDatabase(store.list());
      return { json: { object: "list", data: [...stored.values()].map((one) => describe(one, isDeployment)) } };
    },
  };
}

export function getRoute({ store, isDeployment }: RouteAdministration): Endpoint {
  return {
    method: "GET",
    paths: [PATH],
    permission: "admin",
    summary: "Get a route.",
    schemas: { params: pathParams, answer: route },
    handle: async ({ params }) => {
      const model = params["*"] ?? "";
      const stored = (await withDatabase(store.list())).get(model);
      if (stored === undefined) throw notFound(model);
      return answer(stored, isDeployment);
    },
  };
}

export function putRoute({ store, refresh, isDeployment }: RouteAdministration): Endpoint {
  return {
    method: "PUT",
    paths: [PATH],
    permission: "admin",
    summary: "Create a route or replace the one of its name. Running requests keep the one with which they began.",
    schemas: { params: pathParams, body: putRouteRequest, answer: route },
    handle: async ({ params, body, header }) => {
      const { model } = parseRequest(z.object({ model: routeName }), { model: params["*"] });
      const asked = parseRequest(putRouteRequest, body);
      const definition = routeDefinition.parse({ ...asked, model });
      if (asked.model !== undefined && asked.model !== model) {
        throw invalid("model", `The path names the route '${model}', the body '${asked.model}'. A route cannot be renamed.`);
      }
      const fault = faultOfRoute(definition);
      if (fault !== undefined) throw invalid(fault.param, fault.message);
      const stored = await withDatabase(store.put(definition, expectedTag({ header })));
      if (stored === "conflict") throw tagConflict(`The route '${model}'`);
      await withDatabase(refresh());
      return answer(stored, isDeployment);
    },
  };
}

export function removeRoute({ store, refresh }: RouteAdministration): Endpoint {
  return {
    method: "DELETE",
    paths: [PATH],
    permission: "admin",
    summary: "Remove a route. A model of that name is served without it from then on.",
    schemas: { params: pathParams, answer: removedRoute },
    handle: async ({ params, header }) => {
      const model = params["*"] ?? "";
      const removed = routeName.safeParse(model).success ? await withDatabase(store.remove(model, expectedTag({ header }))) : "absent";
      if (removed === "absent") throw notFound(model);
      if (removed === "conflict") throw tagConflict(`The route '${model}'`);
      await withDatabase(refresh());
      return { json: { model, object: "route", deleted: true } };
    },
  };
}

function answer(stored: StoredRoute, isDeployment: RouteAdministration["isDeployment"]): Answer {
  const json = describe(stored, isDeployment);
  return { headers: { etag: json.etag }, json };
}

function describe({ definition, createdAt }: StoredRoute, isDeployment: RouteAdministration["isDeployment"]) {
  return {
    object: "route" as const,
    ...definition,
    missing: missingDeployments(definition, isDeployment),
    created_at: Math.floor(createdAt.getTime() / 1_000),
    etag: routeEtag(definition),
  };
}

function invalid(param: string, message: string): ApiError {
  return new ApiError("invalid_value", message, { param });
}

function notFound(model: string): ApiError {
  return new ApiError("route_not_found", `There is no route '${model}'.`, { param: "model" });
}
