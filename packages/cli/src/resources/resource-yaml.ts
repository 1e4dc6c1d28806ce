import type { RouteDefinition } from "@bonfire/protocol/routes";
import type { UpstreamDefinition } from "@bonfire/protocol/upstreams";
import { Document } from "yaml";
import { printable } from "../terminal-text.ts";
import { isUsual } from "./usual-fields.ts";

/** An upstream as it stands in a resources file, without its keys: so those that are there stay. */
export function upstreamYaml(definition: UpstreamDefinition): string {
  return yaml("upstreams", unusual("upstream", definition));
}

/** A route as it stands in a resources file. */
export function routeYaml(definition: RouteDefinition): string {
  const groups = definition.groups.map(({ deployments, ...rest }) => ({
    deployments: deployments.map(({ deployment, weight }) => (weight === 1 ? { deployment } : { deployment, weight })),
    ...rest,
  }));
  return yaml("routes", { ...unusual("route", definition), groups });
}

/** The fields that have another value than their default. */
function unusual(kind: "upstream" | "route", definition: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(definition).filter(([field, value]) => !isUsual(kind, field, value)));
}

function yaml(kind: string, fields: Readonly<Record<string, unknown>>): string {
  return printable(new Document({ [kind]: [fields] }).toString({ lineWidth: 0 }));
}
