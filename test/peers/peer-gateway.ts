import { randomBytes } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sendJson, startFakeReplica } from "../../packages/platform/src/engine/testing/fake-replica.ts";
import { type RunningPlatform, startPlatformProcess } from "../running-platform.ts";
import { LIMITED_MODEL } from "./peers.ts";

export interface UpstreamlessPlatform extends RunningPlatform {
  readonly key: string;
  readonly home: string;
  /** As `POST /admin/v1/apply` takes them. @throws when they are refused */
  apply(resources: object): Promise<void>;
  /** Ends it, and removes its home. */
  close(): Promise<void>;
}

/** A platform that has no model loaded: all that answers behind it are its upstreams. */
export async function startPlatformForUpstreams(env: Readonly<Record<string, string>> = {}): Promise<UpstreamlessPlatform> {
  const home = mkdtempSync(join(realpathSync(tmpdir()), "bf-"));
  const key = randomBytes(24).toString("hex");
  const platform = await startPlatformProcess({ home, env: { BONFIRE_PRELOAD: "none", BONFIRE_BOOTSTRAP_KEY: key, ...env } });
  return {
    ...platform,
    ...{ key, home },
    apply: (resources) => applyResources({ baseUrl: platform.baseUrl, key }, resources),
    close: async () => {
      await platform.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** @param platform an admin key and a base URL of it. @throws when they are refused */
export async function applyResources(
  { baseUrl, key }: { readonly baseUrl: string; readonly key: string },
  resources: object,
  options: object = {},
): Promise<void> {
  const response = await fetch(new URL("/admin/v1/apply", baseUrl), {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ resources, ...options }),
  });
  if (!response.ok) throw new Error(`The resources were refused with status ${response.status}: ${await response.text()}`);
  await response.body?.cancel();
}

const RETRY_AFTER_SECONDS = 20;

/** A server that is at its limit whatever it is asked. */
export async function startLimitedReplica() {
  const replica = await startFakeReplica({ model: LIMITED_MODEL, contextLength: 1_000 });
  replica.script = async ({ response }) => {
    response.setHeader("retry-after", String(RETRY_AFTER_SECONDS));
    sendJson(response, 429, { error: { message: "Slow down.", type: "rate_limit_error", param: null, code: "rate_limit_exceeded" } });
  };
  return replica;
}
