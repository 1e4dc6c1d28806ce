import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { type LedgerDatabase, startLedgerDatabase } from "../metering/testing/ledger-database.ts";
import { GatewayPeers } from "./gateway-peers.ts";
import type { GatewayReport } from "./gateway-report.ts";
import { GatewayStore } from "./gateway-store.ts";

const BEAT_MS = 20;

describe("a gateway among others", () => {
  let database: LedgerDatabase;
  beforeAll(async () => {
    database = await startLedgerDatabase();
  }, 60_000);
  afterAll(() => database.close());

  const started: GatewayPeers[] = [];
  afterEach(async () => {
    for (const peers of started.splice(0)) await peers.stop();
    await database.database.execute(sql`truncate gateways`);
  });

  function join(id: string, inFlight: Record<string, number> = {}, store = new GatewayStore(database.database)) {
    const heard: (readonly GatewayReport[])[] = [];
    const failures: unknown[] = [];
    const peers = new GatewayPeers({
      ...{ store, id, beatMs: BEAT_MS },
      report: () => ({ inFlight, openForMs: {} }),
      onReports: (reports) => void heard.push(reports),
      onFailure: (error) => void failures.push(error),
    });
    peers.start();
    started.push(peers);
    return { peers, heard, failures, inFlight };
  }

  it("knows who else there is and what each has at a deployment, as it changes", async () => {
    const [one, two, three] = [join("one", { "up/m": 1 }), join("two", { "up/m": 2 }), join("three", { "up/m": 0 })];
    await until(() => [one, two, three].every(({ peers }) => peers.count === 2));
    expect(one.peers.inFlightAt("up/m").toSorted()).toEqual([0, 2]);
    two.inFlight["up/m"] = 7;
    await until(() => one.peers.inFlightAt("up/m").includes(7) && three.peers.inFlightAt("up/m").includes(7));
    expect(one.heard.at(-1)).toContainEqual({ inFlight: { "up/m": 7 }, openForMs: {} });
  });

  it("stays alone where there is no other", async () => {
    const { peers, heard } = join("one", { "up/m": 1 });
    await until(() => heard.length > 1);
    expect([peers.count, peers.inFlightAt("up/m")]).toEqual([0, []]);
  });

  it("is not counted any more as soon as it has stopped", async () => {
    const [one, two] = [join("one"), join("two")];
    await until(() => one.peers.count === 1);
    await two.peers.stop();
    await until(() => one.peers.count === 0);
  });

  it("that died without a word counts for five seconds more", async () => {
    const report = JSON.stringify({ inFlight: { "up/m": 3 }, openForMs: {} });
    await database.database.execute(
      sql`insert into gateways (id, alive_at, report) values ('dead', now() - interval '4 seconds', ${report}::json)`,
    );
    const { peers } = join("one");
    await until(() => peers.count === 1);
    expect(peers.inFlightAt("up/m")).toEqual([3]);
    await until(() => peers.count === 0);
  });

  it("goes by the last reports while the database is away, tells of the outage once, and hears the others again after it", async () => {
    const [one, two] = [join("one"), join("two", { "up/m": 2 })];
    await until(() => one.peers.count === 1 && two.peers.count === 1);
    await database.goAway();
    await until(() => one.failures.length > 0);
    const { length } = one.heard;
    expect(one.peers.inFlightAt("up/m")).toEqual([2]);
    two.inFlight["up/m"] = 5;
    await database.comeBack();
    await until(() => one.heard.length > length && one.peers.inFlightAt("up/m").includes(5), 20_000);
    expect(one.failures).toHaveLength(1);
  });

  it("asks the database no second time while it waits for the first answer", async () => {
    let asking = 0;
    let most = 0;
    let asked = 0;
    const slow = {
      exchange: async () => {
        most = Math.max(most, ++asking);
        await new Promise((resolve) => setTimeout(resolve, 3 * BEAT_MS));
        asking--;
        asked++;
        return [];
      },
      leave: async () => undefined,
      forgetOlderThan: async () => undefined,
    };
    const peers = new GatewayPeers({
      ...{ store: slow, id: "one", beatMs: BEAT_MS },
      report: () => ({ inFlight: {}, openForMs: {} }),
      onReports: () => undefined,
      onFailure: () => undefined,
    });
    peers.start();
    started.push(peers);
    await until(() => asked >= 3);
    expect(most).toBe(1);
  });
});
