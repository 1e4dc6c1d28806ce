/**
 * How many of a deployment's places this gateway may use now: it may begin a request while it has fewer. With `others` up to date:
 *
 * - all gateways together never have more than `limit` + gateways − 1 requests there;
 * - while fewer than `limit` run, anyone may begin one: what the others leave unused is lent;
 * - `limit` / gateways, rounded up, are a gateway's own. Beneath its own it may begin one though all places are taken, within that bound, and who has borrowed
 *   may not: so as borrowed places come free, they go back to their owners. It is held beneath its own only by places that were lent before.
 *
 * Figures of others come by heartbeat and are a little old; the deployment's own refusal is what stands behind them.
 * @param others requests there of each other gateway that lives.
 */
export function shareOfPlaces({ limit, others }: { readonly limit: number; readonly others: readonly number[] }): number {
  let elsewhere = 0;
  for (const inFlight of others) elsewhere += Math.max(0, inFlight);
  const own = Math.ceil(limit / (others.length + 1));
  // The bound: limit + gateways − 1.
  const reclaimable = Math.min(own, limit + others.length - elsewhere);
  return Math.max(0, reclaimable, limit - elsewhere);
}
