import { applyResources } from "./peer-gateway.ts";
import { type PeerScene, startPeerScene } from "./peer-scene.ts";
import { LIMITED_MODEL, upstreamsOf } from "./peers.ts";

/** What needs nothing but a platform that runs: it is the other Bonfire, and its engine the bare llama.cpp server. */
export const AT_HAND = ["llamacpp", "bonfire"] as const;

/** @param other base URL, admin key and home of that platform; it has an upstream more until the scene is closed */
export async function startWithPeersAtHand(other: {
  readonly baseUrl: string;
  readonly key: string;
  readonly home: string;
}): Promise<PeerScene> {
  const scene = await startPeerScene(other.home);
  const { door, limitedUrl, platform } = scene;
  const limited = { name: "limited", base_url: limitedUrl, import_models: false, models: [{ id: LIMITED_MODEL }], health_check: "off" };
  await applyResources(other, { upstreams: [limited] });
  const bonfire = { profile: "bonfire", base_url: other.baseUrl, key: other.key } as const;
  await platform.apply({
    upstreams: [
      ...upstreamsOf("llamacpp", { profile: "llamacpp", base_url: door.url, key: door.key }),
      ...upstreamsOf("bonfire", bonfire, bonfire),
    ],
  });
  return {
    ...scene,
    close: async () => {
      await applyResources(other, { upstreams: [] }, { prune: true });
      await scene.close();
    },
  };
}
