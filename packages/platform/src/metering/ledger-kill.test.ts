import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { Ledger } from "./ledger.ts";
import { type LedgerDatabase, startLedgerDatabase } from "./testing/ledger-database.ts";
import { startChild } from "./testing/metering-child.ts";

const WORKERS = 6;
/** Attempts that the replica sees before the kill; 0 kills while the ledger starts. */
const ROUNDS = [30, 0, 120, 1, 300];
const LONGEST_PAUSE_MS = 80;

/** Notes the attempts that it is asked for, and those that the other side says it has written down. */
async function startReplica() {
  const seen = new Set<string>();
  const acknowledged = new Set<string>();
  const server = createServer((request, response) => {
    const [, kind, id = ""] = (request.url ?? "").split("/");
    if (kind === "acknowledged") acknowledged.add(id);
    else seen.add(id);
    setTimeout(() => response.end("done"), Math.random() * 10);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The replica has no port.");
  return { seen, acknowledged, url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

describe("the ledger of a process that is killed", () => {
  let database: LedgerDatabase;
  let directory: string;
  beforeAll(async () => {
    database = await startLedgerDatabase();
    directory = mkdtempSync(join(tmpdir(), "bonfire-ledger-kill-"));
  }, 60_000);
  afterAll(async () => {
    await database.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("has exactly one row for each attempt that the replica saw, and knows how those ended that were acknowledged", async () => {
    const replica = await startReplica();
    for (const [round, attempts] of ROUNDS.entries()) {
      const before = replica.seen.size;
      const child = startChild("attempts-child.ts", [database.databaseUrl, directory, replica.url, `round ${round}`, String(WORKERS)]);
      await until(() => child.printed.length > 0 && replica.seen.size >= before + attempts);
      await delay(Math.random() * LONGEST_PAUSE_MS);
      child.process.kill("SIGKILL");
      await child.ended;
    }
    const failures: Error[] = [];
    const ledger = new Ledger({
      directory,
      store: database.store,
      onFailure: (error) => failures.push(error),
      onRecovery: () => undefined,
    });
    await ledger.start();
    await ledger.stop(5_000);
    replica.close();
    expect(failures).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);

    const { rows } = await database.store.list({ limit: 100_000 });
    const outcomes = new Map(rows.map(({ id, outcome }) => [id, outcome]));
    expect(outcomes.size).toBe(rows.length);
    expect([...replica.seen].filter((id) => !outcomes.has(id))).toEqual([]);
    expect([...replica.acknowledged].filter((id) => outcomes.get(id) !== "succeeded")).toEqual([]);
    for (const round of ROUNDS.keys()) {
      const ofRound = rows.filter(({ deployment }) => deployment === `round ${round}`);
      // Newest first: what was not seen was about to be sent when the process died.
      const last = ofRound.slice(0, WORKERS).map(({ id }) => id);
      for (const { id, outcome } of ofRound) {
        if (replica.seen.has(id)) continue;
        expect(outcome).toBe("interrupted");
        expect(last).toContain(id);
      }
    }
    expect(rows.length).toBeGreaterThan(400);
  }, 60_000);
});
