import type { RouteDefinition } from "@bonfire/protocol/routes";
import type { RoutingEntry } from "./route-snapshot-file.ts";

interface Tables {
  readonly exact: ReadonlyMap<string, RouteDefinition>;
  /** With the longest fixed beginning first. */
  readonly wildcards: readonly { readonly beginning: string; readonly definition: RouteDefinition }[];
  readonly drained: ReadonlySet<string>;
}

/** The operator's routes as of now, and the deployments that take no new requests. Looking up costs no more than in a map, unless they have just changed. */
export class RouteTable {
  readonly #entries: () => ReadonlyMap<string, RoutingEntry>;
  #seen: ReadonlyMap<string, RoutingEntry> | undefined;
  #tables: Tables = { exact: new Map(), wildcards: [], drained: new Set() };

  /** @param entries another map where anything has changed */
  constructor(entries: () => ReadonlyMap<string, RoutingEntry>) {
    this.#entries = entries;
  }

  /** The route of exactly this name. */
  exact(name: string): RouteDefinition | undefined {
    return this.#follow().exact.get(name);
  }

  /** Of the routes with a star, the one that says most about the name. */
  wildcard(name: string): RouteDefinition | undefined {
    return this.#follow().wildcards.find(({ beginning }) => name.startsWith(beginning) && name.length > beginning.length)?.definition;
  }

  get routes(): ReadonlyMap<string, RouteDefinition> {
    return this.#follow().exact;
  }

  /** Names of deployments. */
  get drained(): ReadonlySet<string> {
    return this.#follow().drained;
  }

  #follow(): Tables {
    const entries = this.#entries();
    if (entries !== this.#seen) {
      this.#seen = entries;
      this.#tables = tablesOf(entries);
    }
    return this.#tables;
  }
}

function tablesOf(entries: ReadonlyMap<string, RoutingEntry>): Tables {
  const all = [...entries.values()];
  const definitions = all.flatMap((entry) => (entry.kind === "route" ? [entry.definition] : []));
  return {
    exact: new Map(definitions.filter(({ model }) => !model.endsWith("*")).map((definition) => [definition.model, definition])),
    wildcards: definitions
      .filter(({ model }) => model.endsWith("*"))
      .map((definition) => ({ beginning: definition.model.slice(0, -1), definition }))
      .sort((a, b) => b.beginning.length - a.beginning.length),
    drained: new Set(all.flatMap((entry) => (entry.kind === "drained" ? [entry.deployment] : []))),
  };
}
