import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { PEER_ROWS } from "../peers/peer-rows.ts";
import type { PeerScene } from "../peers/peer-scene.ts";
import { AT_HAND, startWithPeersAtHand } from "../peers/peers-at-hand.ts";
import { ProbedPeer } from "../peers/probed-peer.ts";

let scene: PeerScene;
beforeAll(async () => {
  scene = await startWithPeersAtHand({ baseUrl: inject("baseUrl"), key: inject("apiKey"), home: inject("home") });
});
afterAll(() => scene.close());

describe.each(AT_HAND)("%s as an upstream:", (name) => {
  it.each(PEER_ROWS.filter(({ isCore }) => !isCore))("$feature", async ({ probe, cells }) => {
    expect(await probe(new ProbedPeer(name, scene.gateway))).toBe(cells[name]);
  });
});
