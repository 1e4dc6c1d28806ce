import type { Administration } from "./endpoints/index.ts";
import type { ModelAdministration } from "./endpoints/installed-models.ts";
import type { ModelDirectory } from "./serving/model-directory.ts";
import type { StartedGateway } from "./start-gateway.ts";
import { startResources } from "./start-resources.ts";
import type { DatabaseConnection } from "./storage/database.ts";

interface AdministeredParts {
  readonly directory: ModelDirectory;
  readonly models: ModelAdministration;
  readonly database: DatabaseConnection;
}

/** What operators can look at and change of a gateway. */
export function administrationOf(
  { keys, aliases, routes, upstreams, board }: StartedGateway,
  { directory, models, database }: AdministeredParts,
): Omit<Administration, "readStatus"> {
  const isDeployment = (name: string): boolean => directory.deployment(name) !== undefined;
  const { store, lists, ofSettings, refresh, rotateSecrets } = upstreams;
  return {
    keys,
    models,
    aliases: { ...aliases, directory },
    upstreams: { store, lists, ofSettings, refresh },
    routes: { store: routes.store, refresh: routes.refresh, isDeployment },
    deployments: {
      ...{ board, store: routes.drained, table: routes.table, refresh: routes.refresh, now: Date.now },
      deployments: () => directory.deployments(),
    },
    resources: startResources({
      ...{ connection: database, upstreams, routes, aliases, isDeployment },
      models: async () => [...directory.list(), ...(await models.list())],
    }),
    rotateSecrets,
  };
}
