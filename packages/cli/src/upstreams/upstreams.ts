import { removedUpstream, type Upstream, upstream, upstreamDefinition, upstreamList } from "@bonfire/protocol/upstreams";
import { callAdmin } from "../admin-client.ts";
import { ago } from "../amounts.ts";
import { CliError } from "../exit.ts";
import type { Connection } from "../platform-connection.ts";
import { BONFIRE } from "../program-name.ts";
import { upstreamYaml } from "../resources/resource-yaml.ts";
import { print, printable, printJson, table } from "../terminal-text.ts";

interface Output extends Connection {
  readonly json?: boolean;
}

export async function listUpstreams(options: Output): Promise<void> {
  const { data } = await callAdmin({ method: "GET", path: "/upstreams", answer: upstreamList }, options);
  if (options.json === true) return printJson(data);
  if (data.length === 0) return print(`There are no upstreams yet. Make one: ${BONFIRE} upstreams add NAME --profile PROFILE`);
  const rows = data.map((one) => [
    printable(one.name),
    one.profile,
    printable(one.base_url ?? "the profile's"),
    String(one.keys.length),
    listState(one),
  ]);
  print(table([["UPSTREAM", "PROFILE", "BASE URL", "KEYS", "MODELS"], ...rows]));
}

/** Prints what `bonfire apply` would take, with what cannot be applied as comments. */
export async function showUpstream(name: string, options: Output): Promise<void> {
  const found = await findUpstream(name, options);
  if (options.json === true) return printJson(found);
  const keys = found.keys.map((key) => `${printable(key.name)} …${printable(key.hint)}`);
  print(`# Models: ${listState(found)}`);
  print(`# Keys: ${keys.length === 0 ? "none" : keys.join(", ")}`);
  if (found.source === "settings") print("# It stands in the settings of the platform (BONFIRE_UPSTREAM_URL), and is changed there.");
  print(upstreamYaml(upstreamDefinition.strip().parse(found)).trimEnd());
}

export async function removeUpstream(name: string, options: Output): Promise<void> {
  const removed = await callAdmin({ method: "DELETE", path: upstreamPath(name), answer: removedUpstream }, options);
  if (options.json === true) return printJson(removed);
  print(`${printable(removed.name)} is removed, and its keys with it. Requests that run there end by themselves.`);
}

/** Reads an upstream's own list of models now. @throws CliError when that list cannot be read */
export async function refreshUpstream(name: string, options: Output): Promise<void> {
  const found = await callAdmin({ method: "POST", path: `${upstreamPath(name)}/refresh`, answer: upstream, patient: true }, options);
  if (options.json === true) printJson(found);
  if (found.list_error !== null) throw new CliError(`The list of ${name} could not be read: ${printable(found.list_error)}`);
  if (options.json !== true) print(`${printable(found.name)}: ${listState(found)}.`);
}

/** @throws RefusedError, where there is none with the code `upstream_not_found` */
export function findUpstream(name: string, connection: Connection): Promise<Upstream> {
  return callAdmin({ method: "GET", path: upstreamPath(name), answer: upstream }, connection);
}

export function upstreamPath(name: string): string {
  return `/upstreams/${encodeURIComponent(name)}`;
}

/** How many models its own list has, and how fresh that is. */
export function listState({ import_models, listed_models, listed_at, list_error, models }: Upstream): string {
  const known =
    listed_at === null ? "" : `${listed_models} ${listed_models === 1 ? "model" : "models"} listed ${ago(listed_at, Date.now() / 1_000)}`;
  const own = models.length === 0 ? "" : `${models.length} given`;
  const state = import_models ? (list_error === null ? known || "not listed yet" : known) : "list not taken over";
  const failure = import_models && list_error !== null ? `list cannot be read: ${printable(list_error).replaceAll("\n", " ")}` : "";
  return [state, own, failure].filter(Boolean).join(", ");
}
