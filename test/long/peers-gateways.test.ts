import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Portkey, startPortkey } from "../../bench/gateway/portkey.ts";
import { loadConfig } from "../../packages/platform/src/config.ts";
import { type LiteLlm, startLiteLlm } from "../peers/litellm.ts";
import { PEER_ROWS } from "../peers/peer-rows.ts";
import { type PeerScene, startPeerScene } from "../peers/peer-scene.ts";
import { LIMITED_MODEL, upstreamsOf } from "../peers/peers.ts";
import { ProbedPeer } from "../peers/probed-peer.ts";
import { MODEL } from "../shared-platform.ts";

/** The first run installs both programs. */
const PATIENCE_MS = 600_000;

let scene: PeerScene;
let portkey: Portkey;
let litellm: LiteLlm;

beforeAll(async () => {
  scene = await startPeerScene(inject("home"));
  const { door, limitedUrl, platform } = scene;
  const { cache } = loadConfig(process.env);
  portkey = await startPortkey(cache, door.port);
  litellm = await startLiteLlm(cache, [
    { model: MODEL, url: door.url, key: door.key },
    { model: LIMITED_MODEL, url: limitedUrl, key: "none" },
  ]);
  const behindPortkey = (url: string) => ({
    profile: "generic" as const,
    base_url: `http://127.0.0.1:${portkey.port}/v1`,
    headers: { "x-portkey-provider": "openai", "x-portkey-custom-host": url },
    key: door.key,
  });
  const behindLiteLlm = { profile: "generic", base_url: litellm.url, key: litellm.key } as const;
  await platform.apply({
    upstreams: [
      ...upstreamsOf("generic", { profile: "generic", base_url: door.url, key: door.key }),
      ...upstreamsOf("portkey", behindPortkey(door.url), behindPortkey(limitedUrl)),
      ...upstreamsOf("litellm", behindLiteLlm, behindLiteLlm),
    ],
  });
}, PATIENCE_MS);
afterAll(async () => {
  await litellm.stop();
  await portkey.stop();
  await scene.close();
});

describe.each(["generic", "portkey", "litellm"] as const)("%s as an upstream:", (name) => {
  it.each(PEER_ROWS)("$feature", async ({ probe, cells }) => {
    expect(await probe(new ProbedPeer(name, scene.gateway))).toBe(cells[name]);
  });
});
