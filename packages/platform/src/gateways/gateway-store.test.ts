import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type LedgerDatabase, startLedgerDatabase } from "../metering/testing/ledger-database.ts";
import type { GatewayReport } from "./gateway-report.ts";
import { GatewayStore } from "./gateway-store.ts";

const ALIVE_MS = 5_000;

describe("gateways on one database", () => {
  let database: LedgerDatabase;
  let store: GatewayStore;
  beforeAll(async () => {
    database = await startLedgerDatabase();
    store = new GatewayStore(database.database);
  }, 60_000);
  beforeEach(() => database.database.execute(sql`truncate gateways`));
  afterAll(() => database.close());

  const reportOf = (inFlight: number): GatewayReport => ({ inFlight: { "up/m": inFlight }, openForMs: { "up/n": 250.5 } });
  const silentFor = (id: string, seconds: number) =>
    database.database.execute(sql`update gateways set alive_at = now() - make_interval(secs => ${seconds}) where id = ${id}`);
  const known = async (): Promise<unknown[]> => {
    const { rows } = await database.database.execute<{ id: string }>(sql`select id from gateways order by id`);
    return rows.map(({ id }) => id);
  };

  it("hear what the others said last, and not themselves", async () => {
    expect(await store.exchange("a", reportOf(1), ALIVE_MS)).toEqual([]);
    expect(await store.exchange("b", reportOf(2), ALIVE_MS)).toEqual([reportOf(1)]);
    expect(await store.exchange("a", reportOf(3), ALIVE_MS)).toEqual([reportOf(2)]);
    expect(await store.exchange("b", reportOf(4), ALIVE_MS)).toEqual([reportOf(3)]);
    expect(await known()).toEqual(["a", "b"]);
  });

  it("do not hear those that have been silent for too long, until they speak again", async () => {
    await store.exchange("a", reportOf(1), ALIVE_MS);
    await silentFor("a", 6);
    expect(await store.exchange("b", reportOf(2), ALIVE_MS)).toEqual([]);
    await store.exchange("a", reportOf(3), ALIVE_MS);
    expect(await store.exchange("b", reportOf(2), ALIVE_MS)).toEqual([reportOf(3)]);
  });

  it("do not hear those that have left", async () => {
    await store.exchange("a", reportOf(1), ALIVE_MS);
    await store.leave("a");
    expect(await store.exchange("b", reportOf(2), ALIVE_MS)).toEqual([]);
  });

  it("leave out what another version says, and hear the rest", async () => {
    await store.exchange("a", reportOf(1), ALIVE_MS);
    for (const [id, report] of [
      ["later", '{"places":{}}'],
      ["odd", '{"inFlight":{"up/m":-1},"openForMs":{}}'],
      ["none", "null"],
    ]) {
      await database.database.execute(sql`insert into gateways (id, alive_at, report) values (${id}, now(), ${report}::json)`);
    }
    expect(await store.exchange("b", reportOf(2), ALIVE_MS)).toEqual([reportOf(1)]);
  });

  it("forget those that went without a word", async () => {
    for (const id of ["gone", "silent", "alive"]) await store.exchange(id, reportOf(0), ALIVE_MS);
    await silentFor("gone", 61);
    await silentFor("silent", 59);
    await store.forgetOlderThan(60_000);
    expect(await known()).toEqual(["alive", "silent"]);
  });
});
