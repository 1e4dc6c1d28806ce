import { expect } from "vitest";
import { until } from "../../packages/platform/src/engine/testing/until.ts";
import { type PrivateRedis, startPrivateRedis } from "../../packages/platform/src/storage/testing/private-redis.ts";
import type { Gateway } from "./gateway.ts";
import { type HeldUpstream, startHeldUpstream } from "./held-upstream.ts";
import { openRedisDoor } from "./redis-door.ts";
import { openSharedStores, type SharedStores } from "./shared-stores.ts";

/** A change at one gateway has reached the others after so long. */
export const REACHED_MS = 2_000;
/** What the heartbeat carries: said within a second, heard within another one. */
export const HEARD_MS = 2_500;

/** Two gateways on one database and one Redis. */
export interface TwoGateways {
  readonly one: Gateway;
  readonly other: Gateway;
  readonly stores: SharedStores;
  readonly redis: PrivateRedis;
  /** An upstream; its model is known to both gateways. @param name that no other test has. */
  addUpstream(name: string, given?: { readonly max_concurrent?: number }): Promise<HeldUpstream>;
  /** Those that were added so far. */
  closeUpstreams(): Promise<void>;
  close(): Promise<void>;
}

export async function startTwoGateways(): Promise<TwoGateways> {
  const [stores, redis] = await Promise.all([openSharedStores(), startPrivateRedis()]);
  const door = await openRedisDoor(redis.url);
  const start = (name: string) => stores.start(name, { REDIS_URL: door.url });
  const [one, other] = await Promise.all([start("one"), start("other")]);
  const upstreams: HeldUpstream[] = [];
  return {
    ...{ one, other, stores, redis },
    addUpstream: async (name, given = {}) => {
      const upstream = await startHeldUpstream();
      upstreams.push(upstream);
      const { url: base_url, model: id } = upstream;
      await one.apply({ upstreams: [{ name, base_url, import_models: false, models: [{ id }], health_check: "off", ...given }] });
      await until(async () => (await other.deployment(`${name}/${id}`)) !== undefined, REACHED_MS);
      return upstream;
    },
    closeUpstreams: async () => {
      for (const upstream of upstreams.splice(0)) await upstream.close();
    },
    close: async () => {
      await stores.close();
      await door.close();
      await redis.stop();
    },
  };
}

/** Of an answer that must be one. */
export async function textOf(response: Response): Promise<string> {
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return text;
}
