import { ApiError } from "@bonfire/protocol/errors";
import { putUpstreamRequest, removedUpstream, type Upstream, upstream, upstreamList, upstreamName } from "@bonfire/protocol/upstreams";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { z } from "zod";
import { describeUpstream, type StoredUpstream } from "../upstreams/known-upstream.ts";
import type { SettingsUpstream } from "../upstreams/settings-upstream.ts";
import type { UpstreamLists } from "../upstreams/upstream-lists.ts";
import type { UpstreamStore } from "../upstreams/upstream-store.ts";
import type { Answer, Endpoint } from "./endpoint.ts";
import { expectedTag, tagConflict } from "./entity-tag.ts";
import { parseWithKeys } from "./upstream-body.ts";
import { withDatabase } from "./with-database.ts";

export interface UpstreamAdministration {
  readonly store: UpstreamStore;
  readonly lists: Pick<UpstreamLists, "read">;
  /** The one that no table holds. */
  readonly ofSettings: SettingsUpstream | undefined;
  /** Takes over what the store holds now. */
  readonly refresh: () => Promise<void>;
}

const PATH = "/admin/v1/upstreams/:name";
const pathParams = z.object({ name: upstreamName.describe("Name of the upstream.") });

export function listUpstreams({ store, ofSettings }: UpstreamAdministration): Endpoint {
  return {
    method: "GET",
    paths: ["/admin/v1/upstreams"],
    permission: "admin",
    summary: "List the upstreams in the order of their names. Their keys are told as their last characters.",
    schemas: { answer: upstreamList },
    handle: async () => {
      const stored = await withDatabase(store.list());
      const fixed = ofSettings?.current;
      const others = [...stored.values()].filter(({ definition }) => definition.name !== fixed?.definition.name);
      const described = others.map((one) => describeUpstream(one, "resources"));
      const data = fixed === undefined ? described : [...described, describeUpstream(fixed, "settings")];
      return { json: { object: "list", data: data.sort((a, b) => (a.name < b.name ? -1 : 1)) } };
    },
  };
}

export function getUpstream({ store, ofSettings }: UpstreamAdministration): Endpoint {
  return {
    method: "GET",
    paths: [PATH],
    permission: "admin",
    summary: "Get an upstream.",
    schemas: { params: pathParams, answer: upstream },
    handle: async ({ params }) => {
      const name = params.name ?? "";
      const fixed = ofSettings?.current;
      if (fixed?.definition.name === name) return answer(describeUpstream(fixed, "settings"));
      return found(name, await withDatabase(store.find(name)));
    },
  };
}

export function putUpstream({ store, lists, refresh }: UpstreamAdministration): Endpoint {
  return {
    method: "PUT",
    paths: [PATH],
    permission: "admin",
    summary:
      "Create an upstream or replace the one of its name; absent keys stay as they are. Its list of models is read before the answer, which says whether that succeeded.",
    schemas: { params: pathParams, body: putUpstreamRequest, answer: upstream },
    handle: async ({ params, body, header, signal }) => {
      const { name } = parseRequest(pathParams, params);
      const resource = { ...parseWithKeys(putUpstreamRequest, body), name };
      requireSameName(body, name);
      const put = await withDatabase(store.put(resource, expectedTag({ header })));
      if (put === "conflict") throw tagConflict(`The upstream '${name}'`);
      if (put.type === "fault") throw new ApiError("invalid_value", put.message, { param: put.param });
      const { upstream: written, isChange } = put;
      if (!isChange || !written.definition.import_models) await withDatabase(refresh());
      // It may be gone again by now: the answer tells what was written.
      const listed = isChange && written.definition.import_models ? await readList(lists, name, signal) : undefined;
      return answer(describeUpstream(listed ?? written, "resources"));
    },
  };
}

export function removeUpstream({ store, ofSettings, refresh }: UpstreamAdministration): Endpoint {
  return {
    method: "DELETE",
    paths: [PATH],
    permission: "admin",
    summary:
      "Remove an upstream and its keys. Running requests end; routes that lead to it stay, and lead to the rest of their deployments.",
    schemas: { params: pathParams, answer: removedUpstream },
    handle: async ({ params, header }) => {
      const name = params.name ?? "";
      if (ofSettings?.current.definition.name === name) {
        throw new ApiError("invalid_value", `The upstream '${name}' is set by BONFIRE_UPSTREAM_URL, and can be removed only there.`, {
          param: "name",
        });
      }
      const removed = await withDatabase(store.remove(name, expectedTag({ header })));
      if (removed === "absent") throw notFound(name);
      if (removed === "conflict") throw tagConflict(`The upstream '${name}'`);
      await withDatabase(refresh());
      return { json: { name, object: "upstream", deleted: true } };
    },
  };
}

export function refreshUpstream({ lists, ofSettings }: UpstreamAdministration): Endpoint {
  return {
    method: "POST",
    paths: [`${PATH}/refresh`],
    permission: "admin",
    summary: "Read the list of an upstream's models now. Where that fails the last one stays, and the answer says why.",
    schemas: { params: pathParams, answer: upstream },
    handle: async ({ params, signal }) => {
      const name = params.name ?? "";
      if (ofSettings?.current.definition.name !== name) return found(name, await readList(lists, name, signal));
      await ofSettings.read(signal);
      return answer(describeUpstream(ofSettings.current, "settings"));
    },
  };
}

/** What the database does not say is the caller's own leaving. */
async function readList(lists: Pick<UpstreamLists, "read">, name: string, signal: AbortSignal): Promise<StoredUpstream | undefined> {
  try {
    return await withDatabase(lists.read(name, signal));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

function requireSameName(body: unknown, name: string): void {
  const { name: given = name } = putUpstreamRequest.parse(body);
  if (given === name) return;
  throw new ApiError("invalid_value", `The path names the upstream '${name}', the body '${given}'. An upstream cannot be renamed.`, {
    param: "name",
  });
}

function found(name: string, stored: StoredUpstream | undefined): Answer {
  if (stored === undefined) throw notFound(name);
  return answer(describeUpstream(stored, "resources"));
}

function answer(json: Upstream): Answer {
  return { headers: { etag: json.etag }, json };
}

function notFound(name: string): ApiError {
  return new ApiError("upstream_not_found", `There is no upstream '${name}'.`, { param: "name" });
}
