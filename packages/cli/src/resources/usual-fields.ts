import { isDeepStrictEqual } from "node:util";
import type { ResourceChange } from "@bonfire/protocol/apply";
import { routeDefinition } from "@bonfire/protocol/routes";
import { upstreamDefinition } from "@bonfire/protocol/upstreams";

/** What the fields have of a resource of which only the least is said. */
const USUAL: Readonly<Record<ResourceChange["kind"], ReadonlyMap<string, unknown>>> = {
  upstream: new Map(Object.entries(upstreamDefinition.parse({ name: "any" }))),
  route: new Map(Object.entries(routeDefinition.parse({ model: "any", groups: [{ deployments: [{ deployment: "local/any" }] }] }))),
  alias: new Map(),
};

/** Whether a file need not say it, since the default says the same. */
export function isUsual(kind: ResourceChange["kind"], field: string, value: unknown): boolean {
  return isDeepStrictEqual(USUAL[kind].get(field), value);
}
