const LOCAL = "local/";

/**
 * What gateways call a deployment among themselves. Upstreams are the same for all on one database; an engine belongs to one platform, and only
 * the workers of that share it.
 */
export function sharedName(deployment: string, platformId: string): string {
  return deployment.startsWith(LOCAL) ? `${platformId}:${deployment}` : deployment;
}
