import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Lifetime } from "@bonfire/platform/lifetime";
import { startEmbeddedPostgres } from "@bonfire/platform/storage/embedded-postgres";
import { type Bonfire, startBonfire } from "../processes/bonfire.ts";
import { type HelperServer, startHelperServer } from "../processes/helper-server.ts";
import { PEERS, type PeerName } from "./peers.ts";
import type { Field, Target, Tier } from "./target.ts";

const MOCK = new URL("./mock-replica.js", import.meta.url);
const RELAY = new URL("./bare-relay.js", import.meta.url);
const TIER_A = new URL("./tier-a-gateway.js", import.meta.url);

/** What rows that need fresh processes start them with. */
export interface Scene {
  readonly mock: HelperServer;
  /** Only tier B's requests reach it, so that its count can be compared with the ledger. */
  readonly mockOfTierB: HelperServer;
  readonly databaseUrl: string;
  startRelay(nodeArguments?: readonly string[]): Promise<HelperServer>;
  startTierA(nodeArguments?: readonly string[]): Promise<HelperServer>;
  /** `bonfire up` on the external database. */
  startTierB(nodeArguments?: readonly string[]): Promise<Bonfire>;
}

export async function startScene(lifetime: Lifetime): Promise<Scene> {
  const keep = async <Server extends { stop(): Promise<void> }>(name: string, starting: Promise<Server>): Promise<Server> => {
    const server = await starting;
    lifetime.add(name, () => server.stop());
    return server;
  };
  const mock = await keep("mock", startHelperServer(MOCK, []));
  const mockOfTierB = await keep("mock of tier B", startHelperServer(MOCK, []));
  const directory = mkdtempSync(join(tmpdir(), "bonfire-bench-"));
  lifetime.add("database folder", async () => rmSync(directory, { recursive: true, force: true }));
  const { databaseUrl } = await keep("PostgreSQL", startEmbeddedPostgres({ directory, log: () => undefined }));
  return {
    mock,
    mockOfTierB,
    databaseUrl,
    startRelay: (nodeArguments = []) => keep("relay", startHelperServer(RELAY, [`http://127.0.0.1:${mock.port}`], nodeArguments)),
    startTierA: (nodeArguments = []) => keep("tier A", startHelperServer(TIER_A, [`http://127.0.0.1:${mock.port}/v1`], nodeArguments)),
    startTierB: (nodeArguments = []) =>
      keep("tier B", startBonfire({ settings: { ...gatewayAlone(mockOfTierB), DATABASE_URL: databaseUrl }, nodeArguments })),
  };
}

/** Bonfire in front of a mock, without an engine of its own. */
export function gatewayAlone(mock: HelperServer): Record<string, string> {
  return { BONFIRE_UPSTREAM_URL: `http://127.0.0.1:${mock.port}/v1`, BONFIRE_PRELOAD: "none" };
}

interface FieldOptions {
  readonly scene: Scene;
  readonly tiers: ReadonlySet<Tier>;
  /** The other gateways that take part. */
  readonly peers: ReadonlySet<PeerName>;
  /** Where they are installed. */
  readonly cacheFolder: string;
  readonly lifetime: Lifetime;
}

export async function startField({ scene, tiers, peers, cacheFolder, lifetime }: FieldOptions): Promise<Field> {
  const mockPort = scene.mock.port;
  const direct: Target = { name: "direct", tiers: ["A", "B"], port: mockPort, mockPort, headers: {}, pid: undefined };
  const { port: relayPort, pid: relayPid } = await scene.startRelay();
  const relay: Target = { name: "relay", tiers: ["A", "B"], port: relayPort, mockPort, headers: {}, pid: relayPid };
  const ours: { tier: Tier; target: Target }[] = [];
  if (tiers.has("A")) {
    const { port, pid } = await scene.startTierA();
    ours.push({ tier: "A", target: { name: "Bonfire", tiers: ["A"], headers: {}, port, mockPort, pid } });
  }
  if (tiers.has("B")) {
    const { port, pid, apiKey } = await scene.startTierB();
    const headers = { authorization: `Bearer ${apiKey}` };
    ours.push({ tier: "B", target: { name: "Bonfire", tiers: ["B"], headers, port, mockPort: scene.mockOfTierB.port, pid } });
  }
  const join = async (name: PeerName): Promise<Target | undefined> => {
    if (!peers.has(name)) return undefined;
    const { title, start } = PEERS[name];
    const { port, headers, pid, stop } = await start(cacheFolder, mockPort);
    lifetime.add(title, stop);
    return { name: title, tiers: ["A"], port, mockPort, headers, pid };
  };
  return { direct, relay, ours, portkey: await join("portkey"), litellm: await join("litellm") };
}
