import {
  type Upstream,
  type UpstreamProfileName,
  type UpstreamResource,
  upstream,
  upstreamDefinition,
  upstreamResource,
} from "@bonfire/protocol/upstreams";
import { callAdmin } from "../admin-client.ts";
import { CliError, EXIT, RefusedError } from "../exit.ts";
import type { Connection } from "../platform-connection.ts";
import { BONFIRE } from "../program-name.ts";
import { faultsOf } from "../resources/resource-fault.ts";
import { print, printable, printJson, remark } from "../terminal-text.ts";
import { type KeySources, readKeys } from "./key-inputs.ts";
import { findUpstream, listState, upstreamPath } from "./upstreams.ts";

export interface UpstreamChange extends KeySources {
  readonly profile?: UpstreamProfileName;
  readonly baseUrl?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly maxConcurrent?: number;
  readonly import?: boolean;
}

type Options = Connection & UpstreamChange & { readonly json?: boolean };

export async function addUpstream(name: string, options: Options): Promise<void> {
  const definition = await changed({ name }, options);
  if (await exists(name, options)) {
    throw new CliError(`There is an upstream ${name} already. Change it: ${BONFIRE} upstreams set ${name}`);
  }
  tell(await put({ definition }, options), options);
}

/** What is not given stays as it is. */
export async function setUpstream(name: string, options: Options): Promise<void> {
  const found = await findUpstream(name, options);
  const definition = await changed(upstreamDefinition.strip().parse(found), options);
  tell(await put({ definition, etag: found.etag }, options), options);
}

/** @throws CliError that names the option */
async function changed(before: object, options: UpstreamChange): Promise<UpstreamResource> {
  const { profile, baseUrl, include, exclude, maxConcurrent } = options;
  const given = {
    profile,
    base_url: baseUrl,
    include,
    exclude,
    max_concurrent: maxConcurrent,
    import_models: options.import,
    keys: await readKeys(options),
  };
  const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const found = upstreamResource.safeParse({ ...before, ...fields });
  if (found.success) return found.data;
  const faults = found.error.issues.flatMap(faultsOf).map(({ path, text }) => `${optionOf(String(path[0]))}: ${text}.`);
  throw new CliError(faults.join("\n"), EXIT.usage, found.error);
}

function optionOf(field: string): string {
  return field === "name" ? "The name" : `--${field.replaceAll("_", "-")}`;
}

async function exists(name: string, connection: Connection): Promise<boolean> {
  try {
    await findUpstream(name, connection);
    return true;
  } catch (error) {
    if (error instanceof RefusedError && error.code === "upstream_not_found") return false;
    throw error;
  }
}

/** @param etag what the change was made from: somebody else's change in between is not lost */
function put({ definition, etag }: { readonly definition: UpstreamResource; readonly etag?: string }, connection: Connection) {
  const { name, ...body } = definition;
  // Its list of models may be read before it answers.
  const call = {
    method: "PUT",
    path: upstreamPath(name),
    body,
    answer: upstream,
    patient: true,
    ...(etag === undefined ? {} : { etag }),
  } as const;
  return callAdmin(call, connection);
}

function tell(result: Upstream, { json }: { readonly json?: boolean }): void {
  if (json === true) {
    printJson(result);
    return;
  }
  print(`${printable(result.name)}: ${listState(result)}.`);
  if (result.keys.length === 0 && result.credentials.kind !== "none") {
    remark("It has no key: calls are sent without one. Give it one with --key-from-env or --key-stdin.");
  }
}
