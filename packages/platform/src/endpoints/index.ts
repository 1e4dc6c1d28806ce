import type { SecretRotation } from "@bonfire/protocol/secrets";
import type { PlatformStatus } from "@bonfire/protocol/status";
import type { KeySnapshot } from "../access/key-snapshot.ts";
import type { KeyStore } from "../access/key-store.ts";
import type { ResourceApplication } from "../resources/apply-resources.ts";
import type { Serving } from "../serving/serving.ts";
import { type AliasAdministration, listAliases, putAlias, removeAlias } from "./aliases.ts";
import { applyResources } from "./apply.ts";
import { chatCompletions } from "./chat-completions.ts";
import { completions } from "./completions.ts";
import { changeDeployment, type DeploymentAdministration, listDeployments } from "./deployments.ts";
import type { Endpoint } from "./endpoint.ts";
import { getHealth, getReadiness } from "./health.ts";
import {
  listCatalog,
  listInstalledModels,
  loadModel,
  type ModelAdministration,
  pullModel,
  removeModel,
  unloadModel,
} from "./installed-models.ts";
import { createKey, listKeys, revokeKey } from "./keys.ts";
import { countMessageTokens, messages } from "./messages.ts";
import { getMetrics, type MetricsText } from "./metrics.ts";
import { getModel, listModels } from "./models.ts";
import { getRoute, listRoutes, putRoute, type RouteAdministration, removeRoute } from "./routes.ts";
import { rotateSecrets } from "./secrets.ts";
import { getStatus } from "./status.ts";
import { detokenize, tokenize } from "./tokenize.ts";
import { getUpstream, listUpstreams, putUpstream, refreshUpstream, removeUpstream, type UpstreamAdministration } from "./upstreams.ts";

/** What applications call. @param servedSince Unix seconds */
export function inferenceEndpoints(serving: Serving, servedSince: number): Endpoint[] {
  return [
    ...[chatCompletions(serving), completions(serving)],
    ...[messages(serving), countMessageTokens(serving)],
    ...[tokenize(serving), detokenize(serving)],
    ...[listModels(serving, servedSince), getModel(serving, servedSince)],
  ];
}

export interface Administration {
  readonly keys: { readonly store: KeyStore; readonly snapshot: KeySnapshot };
  readonly models: ModelAdministration;
  readonly aliases: Omit<AliasAdministration, "models">;
  readonly upstreams: UpstreamAdministration;
  readonly routes: RouteAdministration;
  readonly deployments: DeploymentAdministration;
  readonly resources: Pick<ResourceApplication, "apply">;
  readonly rotateSecrets: () => Promise<SecretRotation>;
  readonly readStatus: () => Promise<PlatformStatus>;
}

/** What operators call. */
export function adminEndpoints(administration: Administration): Endpoint[] {
  const { keys, models, aliases, upstreams, routes, deployments, resources } = administration;
  return [
    getStatus(administration.readStatus),
    ...[listInstalledModels(models), listCatalog(models), pullModel(models)],
    ...[loadModel(models), unloadModel(models), removeModel(models)],
    ...[listAliases, putAlias, removeAlias].map((endpoint) => endpoint({ ...aliases, models })),
    ...[listUpstreams, getUpstream, putUpstream, removeUpstream, refreshUpstream].map((endpoint) => endpoint(upstreams)),
    ...[listRoutes, getRoute, putRoute, removeRoute].map((endpoint) => endpoint(routes)),
    ...[listDeployments, changeDeployment].map((endpoint) => endpoint(deployments)),
    ...[applyResources(resources), rotateSecrets(administration.rotateSecrets)],
    ...[createKey(keys), listKeys(keys), revokeKey(keys)],
  ];
}

/** What supervisors, load balancers and Prometheus call. */
export function watchEndpoints(serving: Serving, metrics: { readonly text: MetricsText; readonly arePublic: boolean }): Endpoint[] {
  return [getHealth(), getReadiness(serving), getMetrics(metrics.text, metrics.arePublic)];
}
