import { ApiError } from "@bonfire/protocol/errors";
import type { RouteDefinition } from "@bonfire/protocol/routes";
import { compileRoute } from "../routing/compile-route.ts";
import type { Deployment } from "../routing/deployment.ts";
import type { Route } from "../routing/route.ts";
import type { RouteTable } from "../routing/route-table.ts";
import { implicitRoute } from "./implicit-route.ts";
import { nearestModelName } from "./nearest-model-name.ts";
import { type ServedModel, servedModel } from "./served-model.ts";

/** A name that clients can use, and the model it leads to. */
export interface NamedModel {
  readonly name: string;
  readonly model: ServedModel;
}

/** A deployment, and the names under which its model is served. */
export interface OfferedModel {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly deployment: Deployment;
}

/** Names that were asked for are remembered with what they led to; they come from clients. */
const MOST_REMEMBERED = 2_000;
/** In an answer to a name that does not exist. */
const MOST_LISTED = 20;

/** The models that clients can name right now. They come and go while the platform runs, as do the operator's names and routes for them. */
export class ModelDirectory {
  /** By name of the deployment. */
  readonly #offers = new Map<string, OfferedModel>();
  #operatorAliases: () => ReadonlyMap<string, string> = () => NONE;
  #routes: Pick<RouteTable, "routes" | "wildcard"> = { routes: new Map(), wildcard: () => undefined };
  /** What the operator had said when it was last looked at. */
  #knownAliases: ReadonlyMap<string, string> = NONE;
  #knownRoutes: ReadonlyMap<string, RouteDefinition> | undefined;
  #models: readonly ServedModel[] | undefined;
  readonly #found = new Map<string, ServedModel | undefined>();

  /** One of the same deployment is replaced. */
  add(offer: OfferedModel): void {
    this.#offers.set(offer.deployment.name, offer);
    this.#forget();
  }

  /** @param name of the deployment. */
  remove(name: string): void {
    this.#offers.delete(name);
    this.#forget();
  }

  /** The deployments of one upstream as they are now, in place of those before. */
  setUpstream(name: string, deployments: readonly Deployment[]): void {
    for (const known of this.#offers.keys()) if (known.startsWith(`${name}/`)) this.#offers.delete(known);
    for (const deployment of deployments) this.#offers.set(deployment.name, { id: deployment.model, aliases: [], deployment });
    this.#forget();
  }

  /** @param aliases tells the id of each alias' model, whether that is served or not, as of now: another map when something has changed. */
  useAliases(aliases: () => ReadonlyMap<string, string>): void {
    this.#operatorAliases = aliases;
  }

  useRoutes(routes: Pick<RouteTable, "routes" | "wildcard">): void {
    this.#routes = routes;
  }

  offers(): readonly OfferedModel[] {
    return [...this.#offers.values()];
  }

  deployments(): readonly Deployment[] {
    return [...this.#offers.values()].map(({ deployment }) => deployment);
  }

  deployment(name: string): Deployment | undefined {
    return this.#offers.get(name)?.deployment;
  }

  /** Those with an id or a route of their own; what a star stands for is not listed. */
  list(): readonly ServedModel[] {
    this.#notice();
    this.#models ??= this.#collect();
    return this.#models;
  }

  /** The operator's aliases that lead to a model now. */
  aliases(): readonly NamedModel[] {
    return [...this.#operatorAliases()].flatMap(([name, id]) => {
      const model = this.lookUp(name);
      return model?.id === id ? [{ name, model }] : [];
    });
  }

  /**
   * By the operator's route of that name, or else by the model's id, by an alias of the model's own, by an alias of the operator's, by the name
   * of a deployment, or by the longest route with a star.
   */
  lookUp(name: string): ServedModel | undefined {
    this.#notice();
    if (this.#found.has(name)) return this.#found.get(name);
    const model = this.#lookUp(name);
    if (this.#found.size >= MOST_REMEMBERED) this.#found.clear();
    this.#found.set(name, model);
    return model;
  }

  /** As `lookUp`. @throws ApiError `model_not_found` with the nearest name that there is. */
  find(name: string): ServedModel {
    const model = this.lookUp(name);
    if (model !== undefined) return model;
    const models = this.list();
    const names = [...models.flatMap(({ id, aliases }) => [id, ...aliases]), ...this.aliases().map((alias) => alias.name)];
    const meant = nearestModelName(name, names);
    const suggestion = meant === undefined ? "" : ` Did you mean '${meant}'?`;
    const served = models.length === 0 ? "No model is served here yet" : `Served here: ${listed(models)}`;
    throw new ApiError("model_not_found", `The model '${name}' does not exist.${suggestion} ${served}.`, { param: "model" });
  }

  #lookUp(name: string): ServedModel | undefined {
    const model = this.list().find(({ id }) => id === name) ?? this.list().find(({ aliases }) => aliases.includes(name));
    if (model !== undefined) return model;
    const id = this.#knownAliases.get(name);
    // Not followed further: an alias of an alias leads nowhere.
    const meant = id === undefined ? undefined : this.list().find((known) => known.id === id);
    if (meant !== undefined) return meant;
    const offer = this.#offers.get(name);
    if (offer !== undefined) return servedModel({ id: name, aliases: [], route: implicitRoute(name, [offer.deployment]) });
    return this.#starred(name);
  }

  #starred(name: string): ServedModel | undefined {
    const definition = this.#routes.wildcard(name);
    if (definition === undefined) return undefined;
    const route = this.#compile(definition, name);
    // A name that leads to nothing is unknown, whoever else has names of that form.
    return route.groups.length === 0 ? undefined : servedModel({ id: route.model, aliases: [], route });
  }

  #collect(): readonly ServedModel[] {
    const byId = new Map<string, OfferedModel[]>();
    for (const offer of this.#offers.values()) byId.set(offer.id, [...(byId.get(offer.id) ?? []), offer]);
    const models = new Map<string, ServedModel>();
    for (const [id, offers] of byId) {
      const route = implicitRoute(
        id,
        offers.map(({ deployment }) => deployment),
      );
      models.set(id, servedModel({ id, aliases: offers.flatMap(({ aliases }) => aliases), route }));
    }
    for (const [name, definition] of this.#routes.routes) {
      models.set(name, servedModel({ id: name, aliases: models.get(name)?.aliases ?? [], route: this.#compile(definition, name) }));
    }
    return [...models.values()];
  }

  #compile(definition: RouteDefinition, name: string): Route {
    return compileRoute(definition, { name, findDeployment: (deployment) => this.deployment(deployment) });
  }

  /** What the operator says changes by itself: a snapshot is another map after each change. */
  #notice(): void {
    const aliases = this.#operatorAliases();
    const { routes } = this.#routes;
    if (aliases === this.#knownAliases && routes === this.#knownRoutes) return;
    this.#knownAliases = aliases;
    this.#knownRoutes = routes;
    this.#forget();
  }

  #forget(): void {
    this.#models = undefined;
    this.#found.clear();
  }
}

function listed(models: readonly ServedModel[]): string {
  const first = models.slice(0, MOST_LISTED).map(({ id }) => `'${id}'`);
  return models.length > MOST_LISTED ? `${first.join(", ")} and ${models.length - MOST_LISTED} more` : first.join(", ");
}

const NONE: ReadonlyMap<string, string> = new Map();
