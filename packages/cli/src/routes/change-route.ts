import { type Route, type RouteDefinition, route, routeDefinition } from "@bonfire/protocol/routes";
import { callAdmin } from "../admin-client.ts";
import { CliError, EXIT, RefusedError } from "../exit.ts";
import type { Connection } from "../platform-connection.ts";
import { BONFIRE } from "../program-name.ts";
import { faultsOf, pathText } from "../resources/resource-fault.ts";
import { print, printable, printJson, remark } from "../terminal-text.ts";
import { routeText } from "./route-text.ts";
import { findRoute, routePath } from "./routes.ts";

export interface RouteChange {
  /** Deployments of the first group, each as `DEPLOYMENT` or `DEPLOYMENT:WEIGHT`. */
  readonly to?: readonly string[];
  /** Deployments that stand in for it, each a group of its own. */
  readonly fallback?: readonly string[];
  readonly policy?: RouteDefinition["policy"];
  readonly affinity?: RouteDefinition["affinity"];
  readonly attempts?: number;
  /** `p95`, a duration, or `off`. */
  readonly hedge?: string;
  /** A duration, or `off`. */
  readonly cache?: string;
}

type Options = Connection & RouteChange & { readonly json?: boolean };

/** Makes a route, or changes one: what is not given stays as it is. */
export async function setRoute(model: string, options: Options): Promise<void> {
  const found = await existing(model, options);
  const definition = changed(model, found, options);
  const { model: _, ...body } = definition;
  const result = await callAdmin(
    { method: "PUT", path: routePath(model), body, answer: route, ...(found === undefined ? {} : { etag: found.etag }) },
    options,
  );
  if (options.json === true) return printJson(result);
  print(`${printable(result.model)} leads to ${routeText(result)}.`);
  if (result.missing.length > 0) remark(`Not there now, and passed over until they are: ${result.missing.map(printable).join(", ")}.`);
}

/** @throws CliError that says what would be right */
function changed(model: string, found: Route | undefined, change: RouteChange): RouteDefinition {
  const { policy, affinity, attempts, hedge, cache } = change;
  const before = found === undefined ? { model } : routeDefinition.strip().parse(found);
  const given = {
    policy,
    affinity,
    groups: groupsOf(model, found, change),
    retries: attempts === undefined ? undefined : { ...found?.retries, attempts },
    hedge: hedge === undefined || hedge === "off" ? undefined : { ...found?.hedge, after: hedge },
    cache: cache === undefined || cache === "off" ? undefined : { ttl: cache },
  };
  const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const without = new Set([...(hedge === "off" ? ["hedge"] : []), ...(cache === "off" ? ["cache"] : [])]);
  const kept = Object.fromEntries(Object.entries(before).filter(([field]) => !without.has(field)));
  const parsed = routeDefinition.safeParse({ ...kept, ...fields });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap(faultsOf).map(({ path, text }) => `${pathText(path)}: ${text}.`);
  throw new CliError(faults.join("\n"), EXIT.usage, parsed.error);
}

function groupsOf(model: string, found: Route | undefined, { to, fallback }: RouteChange): RouteDefinition["groups"] | undefined {
  if (to === undefined && found === undefined) {
    throw new CliError(`There is no route ${model} yet: say where it leads with --to DEPLOYMENT.`, EXIT.usage);
  }
  if (to === undefined && fallback === undefined) return undefined;
  if (found?.groups.some(({ when }) => when !== undefined) === true) {
    throw new CliError(
      `The groups of ${model} have conditions, which --to and --fallback cannot say: ${BONFIRE} routes show ${model} > route.yaml, change that, and apply it.`,
      EXIT.usage,
    );
  }
  const first = to === undefined ? found?.groups.slice(0, 1) : [{ deployments: to.map(targetOf) }];
  const rest = fallback === undefined ? found?.groups.slice(1) : fallback.map((name) => ({ deployments: [targetOf(name)] }));
  return [...(first ?? []), ...(rest ?? [])];
}

/** Digits behind the last colon are a weight; a model that is named so gets its weight behind them. */
function targetOf(text: string): { deployment: string; weight: number } {
  const [, deployment = text, weight = "1"] = /^(.+):(\d+)$/.exec(text) ?? [];
  return { deployment, weight: Number(weight) };
}

async function existing(model: string, connection: Connection): Promise<Route | undefined> {
  try {
    return await findRoute(model, connection);
  } catch (error) {
    if (error instanceof RefusedError && error.code === "route_not_found") return undefined;
    throw error;
  }
}
