import { type EngineDoor, openEngineDoor } from "./engine-door.ts";
import { startLimitedReplica, startPlatformForUpstreams, type UpstreamlessPlatform } from "./peer-gateway.ts";
import type { PeerGateway } from "./probed-peer.ts";

/** What every peer is tried with. */
export interface PeerScene {
  /** The engine of a running platform, as a bare llama.cpp server. */
  readonly door: EngineDoor;
  /** Answers with 429. */
  readonly limitedUrl: string;
  /** The one whose upstreams the peers are. */
  readonly platform: UpstreamlessPlatform;
  readonly gateway: PeerGateway;
  close(): Promise<void>;
}

/** @param home of the platform whose engine is to be used */
export async function startPeerScene(home: string): Promise<PeerScene> {
  const door = await openEngineDoor(home);
  const limited = await startLimitedReplica();
  const platform = await startPlatformForUpstreams();
  return {
    ...{ door, platform, limitedUrl: limited.url },
    gateway: { baseUrl: platform.baseUrl, key: platform.key, busySlots: door.busySlots },
    close: async () => {
      await platform.close();
      await limited.close();
      door.close();
    },
  };
}
