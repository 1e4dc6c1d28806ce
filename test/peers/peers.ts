import type { Resources } from "@bonfire/protocol/apply";
import { MODEL } from "../shared-platform.ts";

/** What is tried as an upstream: the columns of the table. */
export const PEER_TITLES = {
  llamacpp: "llama.cpp",
  generic: "llama.cpp as `generic`",
  bonfire: "Bonfire",
  portkey: "Portkey 1.15",
  litellm: "LiteLLM 1.101",
} as const;
export type PeerName = keyof typeof PEER_TITLES;

type UpstreamInput = NonNullable<Resources["upstreams"]>[number];
/** How a peer is reached, without what has a default. */
type Reach = Pick<UpstreamInput, "profile" | "base_url"> & Partial<Pick<UpstreamInput, "headers">> & { readonly key: string };

/** What the scripted replica behind a peer is asked for by: it answers with 429. */
export const LIMITED_MODEL = "peers/limited";
export const UNKNOWN_MODEL = "peers/unknown";

/** The upstreams that one peer is tried as. Each has its own breaker and its own keys: a refusal of one says nothing of the others. */
export function upstreamsOf(name: PeerName, { key, ...reach }: Reach, limited?: Reach): object[] {
  const listless = (models: readonly string[]) => ({ import_models: false, models: models.map((id) => ({ id })), health_check: "off" });
  return [
    { name, ...reach, keys: [{ value: key }], exclude: [LIMITED_MODEL] },
    { name: `${name}-other`, ...reach, keys: [{ value: key }], ...listless([UNKNOWN_MODEL]) },
    { name: `${name}-refused`, ...reach, keys: [{ value: WRONG_KEY }], ...listless([MODEL]) },
    ...(limited === undefined ? [] : [limitedUpstream(name, limited, listless([LIMITED_MODEL]))]),
  ];
}

const WRONG_KEY = "sk-nobody-has-this-key";

function limitedUpstream(name: PeerName, { key, ...reach }: Reach, more: object): object {
  return { name: `${name}-limited`, ...reach, keys: [{ value: key }], ...more };
}
