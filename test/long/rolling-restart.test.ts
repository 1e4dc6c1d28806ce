import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../../packages/platform/src/engine/testing/until.ts";
import { type PlatformWithWorkers, REPLICA_MODEL, startWithWorkers } from "../workers/platform-with-workers.ts";
import { startLoad } from "../workers/rolling-load.ts";

const ROUNDS = 5;
const WORKERS = 3;

let setting: PlatformWithWorkers;
beforeAll(async () => {
  setting = await startWithWorkers(WORKERS);
}, 60_000);
afterAll(() => setting.close());

/** Settled restarts so far. */
const restarts = () => setting.platform.stderr().split("the workers were replaced").length - 1;

it(`${ROUNDS} rolling restarts under load fail no request, and the ledger has each of them once`, async () => {
  const stop = startLoad({ baseUrl: setting.platform.baseUrl, key: setting.key, model: REPLICA_MODEL, clients: 8 });
  for (let round = 1; round <= ROUNDS; round++) {
    const old = setting.workers();
    // By signal and by request in turn.
    if (round % 2 === 0) setting.platform.kill("SIGHUP");
    else {
      const restart = await setting.call("/admin/v1/restart", { method: "POST", body: "{}" });
      expect(await restart.json()).toEqual({ object: "restart", workers: WORKERS });
    }
    await until(() => restarts() === round, 60_000);
    await delay(2_000);
    expect(setting.workers().filter((pid) => !old.includes(pid))).toHaveLength(WORKERS);
  }
  // Old workers end when the time of their idle connections has run out.
  await until(() => setting.workers().length === WORKERS, 150_000);
  const { answered, failures } = await stop();
  console.log(`${answered} requests in ${ROUNDS} restarts of ${WORKERS} workers, ${failures.length} failures`);
  expect(failures).toEqual([]);
  await until(async () => {
    const rows = await setting.query<{ outcome: string; count: number }>(
      "select outcome, count(*)::int as count from ledger group by outcome",
    );
    return rows.length === 1 && rows[0]?.outcome === "succeeded" && rows[0].count === answered;
  });
  expect(setting.replica.calls).toHaveLength(answered);
});
