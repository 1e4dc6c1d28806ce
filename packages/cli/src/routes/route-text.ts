import type { RouteDefinition } from "@bonfire/protocol/routes";
import { printable } from "../terminal-text.ts";

/** Where a route leads, in one line: `together/a:3 + local/b:1, then openai/c`. */
export function routeText({ groups }: Pick<RouteDefinition, "groups">): string {
  return groups
    .map(({ deployments, when }) => {
      const single = deployments.length === 1;
      const names = deployments.map(({ deployment, weight }) => printable(single ? deployment : `${deployment}:${weight}`));
      return `${names.join(" + ")}${when === undefined ? "" : " (on conditions)"}`;
    })
    .join(", then ");
}
