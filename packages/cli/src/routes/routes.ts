import { type Route, removedRoute, route, routeDefinition, routeList } from "@bonfire/protocol/routes";
import { callAdmin } from "../admin-client.ts";
import type { Connection } from "../platform-connection.ts";
import { BONFIRE } from "../program-name.ts";
import { routeYaml } from "../resources/resource-yaml.ts";
import { print, printable, printJson, table } from "../terminal-text.ts";
import { routeText } from "./route-text.ts";

interface Output extends Connection {
  readonly json?: boolean;
}

export async function listRoutes(options: Output): Promise<void> {
  const { data } = await callAdmin({ method: "GET", path: "/routes", answer: routeList }, options);
  if (options.json === true) return printJson(data);
  if (data.length === 0) return print(`There are no routes yet. Make one: ${BONFIRE} routes set MODEL --to DEPLOYMENT`);
  const rows = data.map((one) => [
    printable(one.model),
    one.policy,
    one.affinity,
    one.missing.length === 0 ? "" : `${one.missing.length} missing`,
    routeText(one),
  ]);
  print(table([["ROUTE", "POLICY", "AFFINITY", "STATE", "LEADS TO"], ...rows]));
}

/** Prints what `bonfire apply` would take, with what cannot be applied as comments. */
export async function showRoute(model: string, options: Output): Promise<void> {
  const found = await findRoute(model, options);
  if (options.json === true) return printJson(found);
  if (found.missing.length > 0) print(`# Not there now: ${found.missing.map(printable).join(", ")}`);
  print(routeYaml(routeDefinition.strip().parse(found)).trimEnd());
}

export async function removeRoute(model: string, options: Output): Promise<void> {
  const removed = await callAdmin({ method: "DELETE", path: routePath(model), answer: removedRoute }, options);
  if (options.json === true) return printJson(removed);
  print(`The route ${printable(removed.model)} is removed; its deployments stay.`);
}

/** @throws RefusedError, where there is none with the code `route_not_found` */
export function findRoute(model: string, connection: Connection): Promise<Route> {
  return callAdmin({ method: "GET", path: routePath(model), answer: route }, connection);
}

export function routePath(model: string): string {
  return `/routes/${encodeURIComponent(model)}`;
}
