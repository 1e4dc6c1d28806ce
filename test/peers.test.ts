import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { PEER_ROWS } from "./peers/peer-rows.ts";
import type { PeerScene } from "./peers/peer-scene.ts";
import { AT_HAND, startWithPeersAtHand } from "./peers/peers-at-hand.ts";
import { renderPeersPage } from "./peers/peers-page.ts";
import { ProbedPeer } from "./peers/probed-peer.ts";

const PAGE = new URL("../docs/upstream-peers.md", import.meta.url);
/** Set to 1, the page is written anew instead of compared. */
const WRITES_PAGE = process.env.BONFIRE_WRITE_DOCS === "1";

let scene: PeerScene;
beforeAll(async () => {
  scene = await startWithPeersAtHand({ baseUrl: inject("baseUrl"), key: inject("apiKey"), home: inject("home") });
});
afterAll(() => scene.close());

describe.each(AT_HAND)("%s as an upstream:", (name) => {
  it.each(PEER_ROWS.filter(({ isCore }) => isCore))("$feature", async ({ probe, cells }) => {
    expect(await probe(new ProbedPeer(name, scene.gateway))).toBe(cells[name]);
  });
});

it("docs/upstream-peers.md says what was found; BONFIRE_WRITE_DOCS=1 writes it", () => {
  const page = renderPeersPage(PEER_ROWS);
  if (WRITES_PAGE) writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, "utf8")).toBe(page);
});
