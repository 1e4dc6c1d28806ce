import { isDeepStrictEqual } from "node:util";
import type { ResourceChange, Resources } from "@bonfire/protocol/apply";
import { ApiError } from "@bonfire/protocol/errors";
import type { RouteDefinition } from "@bonfire/protocol/routes";
import { faultOfRoute } from "../routing/compile-route.ts";
import { type PlannedUpstream, planUpstream, type UpstreamRules } from "../upstreams/plan-upstream.ts";
import { diffFields } from "./diff-fields.ts";
import { diffKeys } from "./diff-keys.ts";
import { type Alias, type NamedModel, resolveAliases } from "./resolve-aliases.ts";
import type { StoredResources } from "./stored-resources.ts";

interface PlanOptions {
  readonly stored: StoredResources;
  /** Whether what a kind of the file does not name goes. */
  readonly prune: boolean;
  readonly rules: UpstreamRules;
  /** Those that have names of their own, for which aliases can be given. */
  readonly models: readonly NamedModel[];
}

/** What has to be written and removed, and what that changes. */
export interface ResourcePlan {
  readonly upstreams: { readonly write: readonly PlannedUpstream[]; readonly remove: readonly string[] };
  readonly routes: { readonly write: readonly RouteDefinition[]; readonly remove: readonly string[] };
  readonly aliases: { readonly write: readonly Alias[]; readonly remove: readonly string[] };
  /** In the order of the file; what is removed comes last in its kind. */
  readonly changes: readonly ResourceChange[];
}

/** One kind of resource: what is written, what is removed, and what that changes. */
interface PlannedKind<Write> {
  readonly write: readonly Write[];
  readonly remove: readonly string[];
  readonly changes: readonly ResourceChange[];
}

/** The fields that are told as a resource's name. */
const NAMES = { upstream: "name", route: "model", alias: undefined } as const;

const NOTHING = { write: [], remove: [], changes: [] };

/** How what is kept becomes what a file says. Absent kinds are left alone. @throws ApiError that names the field of the file at fault. */
export function planResources(wanted: Resources, options: PlanOptions): ResourcePlan {
  const upstreams = wanted.upstreams === undefined ? NOTHING : planUpstreams(wanted.upstreams, options);
  const routes = wanted.routes === undefined ? NOTHING : planRoutes(wanted.routes, options);
  const aliases = wanted.aliases === undefined ? NOTHING : planAliases(wanted.aliases, options);
  return { upstreams, routes, aliases, changes: [...upstreams.changes, ...routes.changes, ...aliases.changes] };
}

function planUpstreams(wanted: NonNullable<Resources["upstreams"]>, { stored, prune, rules }: PlanOptions): PlannedKind<PlannedUpstream> {
  requireNames(
    "upstreams",
    "name",
    wanted.map(({ name }) => name),
  );
  const planned = wanted.map((resource, index) => {
    const before = stored.upstreams.get(resource.name);
    const plan = planUpstream(resource, before, rules);
    if (plan.type === "fault") throw refused(`upstreams[${index}].${plan.param}`, plan.message);
    const fields = [...diffFields(before?.definition ?? {}, plan.definition), ...diffKeys(before?.keys ?? [], plan.allKeys)];
    return { plan, change: changeOf("upstream", resource.name, before !== undefined, fields) };
  });
  const remove = prune
    ? namesBeside(
        stored.upstreams,
        planned.map(({ plan }) => plan.definition.name),
      )
    : [];
  return {
    write: planned.flatMap(({ plan }) => (plan.isChange ? [plan] : [])),
    remove,
    changes: [...planned.map(({ change }) => change), ...remove.map((name) => removalOf("upstream", name))],
  };
}

function planRoutes(wanted: NonNullable<Resources["routes"]>, { stored, prune }: PlanOptions): PlannedKind<RouteDefinition> {
  requireNames(
    "routes",
    "model",
    wanted.map(({ model }) => model),
  );
  const changes = wanted.map((definition, index) => {
    const fault = faultOfRoute(definition);
    if (fault !== undefined) throw refused(`routes[${index}].${fault.param}`, fault.message);
    const before = stored.routes.get(definition.model)?.definition;
    return changeOf("route", definition.model, before !== undefined, diffFields(before ?? {}, definition));
  });
  const remove = prune
    ? namesBeside(
        stored.routes,
        wanted.map(({ model }) => model),
      )
    : [];
  return {
    write: wanted.filter((definition) => !isDeepStrictEqual(stored.routes.get(definition.model)?.definition, definition)),
    remove,
    changes: [...changes, ...remove.map((name) => removalOf("route", name))],
  };
}

function planAliases(wanted: NonNullable<Resources["aliases"]>, { stored, prune, models }: PlanOptions): PlannedKind<Alias> {
  const names = wanted.map(({ name }) => name);
  requireNames("aliases", "name", names);
  const beside = namesBeside(stored.aliases, names);
  const others = new Map(prune ? [] : beside.map((name) => [name, stored.aliases.get(name) ?? ""]));
  const resolved = resolveAliases(wanted, { others, models });
  if ("message" in resolved) throw refused(`aliases[${resolved.index}].${resolved.param}`, resolved.message);
  const changes = resolved.map(({ name, model }) => {
    const before = stored.aliases.get(name);
    return changeOf("alias", name, before !== undefined, diffFields(before === undefined ? {} : { model: before }, { model }));
  });
  const remove = prune ? beside : [];
  return {
    write: resolved.filter(({ name, model }) => stored.aliases.get(name) !== model),
    remove,
    changes: [...changes, ...remove.map((name) => removalOf("alias", name))],
  };
}

function changeOf(kind: ResourceChange["kind"], name: string, isThere: boolean, fields: ResourceChange["fields"]): ResourceChange {
  if (!isThere)
    return { kind, name, action: "create", fields: fields.filter(({ path, after }) => path !== NAMES[kind] && !isEmpty(after)) };
  return { kind, name, action: fields.length > 0 ? "update" : "unchanged", fields };
}

/** Lists and objects that hold nothing say nothing of what is new. */
function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function removalOf(kind: ResourceChange["kind"], name: string): ResourceChange {
  return { kind, name, action: "delete", fields: [] };
}

function namesBeside(stored: ReadonlyMap<string, unknown>, kept: readonly string[]): string[] {
  const names = new Set(kept);
  return [...stored.keys()].filter((name) => !names.has(name));
}

function requireNames(kind: string, field: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    if (seen.has(name)) throw refused(`${kind}[${index}].${field}`, `'${name}' stands in the file more than once.`);
    seen.add(name);
  }
}

function refused(param: string, message: string): ApiError {
  return new ApiError("invalid_value", message, { param: `resources.${param}` });
}
