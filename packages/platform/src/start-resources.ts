import { ResourceApplication } from "./resources/apply-resources.ts";
import type { NamedModel } from "./resources/resolve-aliases.ts";
import type { StartedRoutes } from "./start-routes.ts";
import type { StartedUpstreams } from "./start-upstreams.ts";
import type { DatabaseConnection } from "./storage/database.ts";
import type { Snapshot } from "./storage/snapshot.ts";

interface ResourcesOptions {
  readonly connection: DatabaseConnection;
  readonly upstreams: StartedUpstreams;
  readonly routes: StartedRoutes;
  readonly aliases: { readonly snapshot: Pick<Snapshot<string>, "refresh"> };
  /** Models that have names of their own, also those that cannot be served now. */
  readonly models: () => Promise<readonly NamedModel[]>;
  readonly isDeployment: (name: string) => boolean;
}

const MOST_LISTS_AT_ONCE = 16;

/** What `bonfire apply` asks for; it needs no end. */
export function startResources({ connection, upstreams, routes, aliases, models, isDeployment }: ResourcesOptions): ResourceApplication {
  return new ResourceApplication({
    database: connection.database,
    rules: upstreams.rules,
    models,
    isDeployment,
    refresh: async () => {
      await Promise.all([upstreams.refresh(), routes.refresh(), aliases.snapshot.refresh()]);
    },
    readLists: async (names, signal) => {
      // What fails, and what is too much for one request, is read by whoever looks next for lists that are due.
      await Promise.allSettled(names.slice(0, MOST_LISTS_AT_ONCE).map((name) => upstreams.lists.read(name, signal)));
    },
  });
}
