import { aliasName, type ModelAlias, modelAlias, modelAliasList, putAliasRequest, removedAlias } from "@bonfire/protocol/aliases";
import { ApiError } from "@bonfire/protocol/errors";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { z } from "zod";
import type { Alias, AliasStore } from "../aliases/alias-store.ts";
import { chooseAliasTarget } from "../aliases/choose-alias-target.ts";
import type { ModelDirectory } from "../serving/model-directory.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ModelAdministration } from "./installed-models.ts";
import { withDatabase } from "./with-database.ts";

export interface AliasAdministration {
  readonly store: AliasStore;
  /** The id of each alias' model, in memory. */
  readonly snapshot: { readonly entries: ReadonlyMap<string, string>; refresh(): Promise<void> };
  readonly directory: ModelDirectory;
  /** Names of these are taken, also of those that cannot be served now. */
  readonly models: Pick<ModelAdministration, "list">;
}

const PATH = "/admin/v1/aliases/*";
const pathParams = z.object({ model: aliasName.describe("Name of the alias; slashes may be escaped or not.") });

export function listAliases({ store, directory }: AliasAdministration): Endpoint {
  return {
    method: "GET",
    paths: ["/admin/v1/aliases"],
    permission: "admin",
    summary: "List the aliases of models in the order of their names.",
    schemas: { answer: modelAliasList },
    handle: async () => {
      const aliases = await withDatabase(store.list());
      return { json: { object: "list", data: aliases.map((alias) => describe(alias, directory)) } };
    },
  };
}

export function putAlias({ store, snapshot, directory, models }: AliasAdministration): Endpoint {
  return {
    method: "PUT",
    // Names hold slashes, which some clients escape and others do not.
    paths: [PATH],
    permission: "admin",
    summary: "Make a name stand for a model, whatever it stood for before. The model need not be there yet.",
    schemas: { params: pathParams, body: putAliasRequest, answer: modelAlias },
    handle: async ({ params, body }) => {
      const { name } = parseRequest(z.object({ name: aliasName }), { name: params["*"] });
      const { model } = parseRequest(putAliasRequest, body);
      await withDatabase(snapshot.refresh());
      const installed = await models.list();
      const target = chooseAliasTarget(name, model, { models: [...directory.list(), ...installed], aliases: snapshot.entries });
      const alias = await withDatabase(store.set(name, target));
      await withDatabase(snapshot.refresh());
      return { json: describe(alias, directory) };
    },
  };
}

export function removeAlias({ store, snapshot }: AliasAdministration): Endpoint {
  return {
    method: "DELETE",
    paths: [PATH],
    permission: "admin",
    summary: "Remove an alias. Its model stays.",
    schemas: { params: pathParams, answer: removedAlias },
    handle: async ({ params }) => {
      const name = params["*"] ?? "";
      const removed = aliasName.safeParse(name).success && (await withDatabase(store.remove(name)));
      if (!removed) throw new ApiError("alias_not_found", `There is no alias '${name}'.`, { param: "name" });
      await withDatabase(snapshot.refresh());
      return { json: { name, object: "model_alias", deleted: true } };
    },
  };
}

function describe({ name, model, createdAt }: Alias, directory: ModelDirectory): ModelAlias {
  const served = directory.lookUp(name)?.id === model;
  return { name, object: "model_alias", model, served, created_at: Math.floor(createdAt.getTime() / 1_000) };
}
