import { startLiteLlm } from "./litellm.ts";
import type { StartPeer } from "./peer.ts";
import { startPortkey } from "./portkey.ts";

/** The other gateways that package registries carry whole. */
export const PEERS = {
  portkey: { title: "Portkey", start: startPortkey },
  litellm: { title: "LiteLLM", start: startLiteLlm },
} as const satisfies Readonly<Record<string, { readonly title: string; readonly start: StartPeer }>>;

export type PeerName = keyof typeof PEERS;
