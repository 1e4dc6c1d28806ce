import { setTimeout as delay } from "node:timers/promises";
import { platformStatus } from "@bonfire/protocol/status";
import { expect } from "vitest";
import { FakeStream, type Script } from "../packages/platform/src/engine/testing/fake-replica.ts";
import { until } from "../packages/platform/src/engine/testing/until.ts";
import { type MeteredSetting, REPLICA_MODEL } from "./metered-platform.ts";
import type { RunningPlatform } from "./running-platform.ts";

/** Requests that are kept running all the time. */
const CLIENTS = 30;
/** Fewer may not be in flight at the moment of the kill. */
const LEAST_IN_FLIGHT = 20;
const PROMPT_TOKENS = 3;
const COMPLETION_TOKENS = 12;

interface Outcome {
  readonly requestsSeen: number;
  readonly inFlightAtKills: readonly number[];
  readonly rows: number;
  readonly interrupted: number;
  /** Rows of attempts whose begin was written in the last instant, and whose request had not left yet. */
  readonly unseen: number;
}

/**
 * Kills the platform again and again at random moments under load, then compares what the replica saw with what the ledger holds: each
 * request that arrived has its one row, and an answer that a client got to its end is in it with its tokens.
 */
export async function killUnderLoad(setting: MeteredSetting, rounds: number): Promise<Outcome> {
  const { key } = setting;
  setting.replica.script = answerSlowly;
  const finished = new Set<string>();
  const inFlightAtKills: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const platform = await setting.start();
    const stopped = new AbortController();
    const clients = Array.from({ length: CLIENTS }, (_, client) => keepAsking(platform, key, client % 3 > 0, finished, stopped.signal));
    await until(() => setting.replica.busy() >= LEAST_IN_FLIGHT);
    // The moment is the subject.
    await delay(Math.random() * 1_000);
    await until(() => setting.replica.busy() >= LEAST_IN_FLIGHT);
    inFlightAtKills.push(setting.replica.busy());
    platform.kill("SIGKILL");
    stopped.abort();
    await platform.exited;
    await Promise.all(clients);
    await until(() => setting.replica.busy() === 0);
  }

  const last = await setting.start();
  await until(async () => (await waitingRows(last, key)) === 0);
  expect(await last.stop()).toBe(0);

  const rows = await setting.rows();
  const seen = setting.replica.calls.map(({ headers }) => String(headers["x-request-id"]));
  const rowsOf = new Map<string, typeof rows>();
  for (const row of rows) rowsOf.set(row.request_id, [...(rowsOf.get(row.request_id) ?? []), row]);

  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.filter((id) => rowsOf.get(id)?.length !== 1)).toEqual([]);
  for (const id of finished) {
    expect(rowsOf.get(id)).toMatchObject([{ outcome: "succeeded", prompt: PROMPT_TOKENS, completion: COMPLETION_TOKENS }]);
  }
  const unseen = rows.filter(({ request_id }) => !seen.includes(request_id));
  expect(unseen.filter(({ outcome }) => outcome !== "interrupted")).toEqual([]);
  // The begin is written just before the request leaves: at most the last few of a round can have missed it.
  expect(unseen.length).toBeLessThanOrEqual(2 * rounds);
  return {
    requestsSeen: seen.length,
    inFlightAtKills,
    rows: rows.length,
    interrupted: rows.filter(({ outcome }) => outcome === "interrupted").length,
    unseen: unseen.length,
  };
}

/** About 300 ms an answer, so that there are always some that just begin and some that just end. */
const answerSlowly: Script = async ({ path, response, hungUp }) => {
  const stream = new FakeStream(response, { path, model: REPLICA_MODEL });
  stream.begin();
  for (let token = 0; token < COMPLETION_TOKENS; token++) {
    await delay(10 + Math.random() * 30);
    if (hungUp.aborted) return;
    stream.text(0, ` ${token}`);
  }
  stream.finish(0, "stop");
  stream.usage({ prompt_tokens: PROMPT_TOKENS, completion_tokens: COMPLETION_TOKENS, total_tokens: PROMPT_TOKENS + COMPLETION_TOKENS });
  stream.done();
};

/** Asks one question after the other until the platform is gone; notes the requests whose answers came to their end. */
async function keepAsking(platform: RunningPlatform, key: string, stream: boolean, finished: Set<string>, signal: AbortSignal) {
  while (!signal.aborted) {
    try {
      const response = await fetch(`${platform.baseUrl}/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ model: REPLICA_MODEL, messages: [{ role: "user", content: "Count to twelve" }], stream }),
      });
      const text = await response.text();
      const id = response.headers.get("x-request-id");
      if (response.ok && id !== null && (stream ? text.endsWith("data: [DONE]\n\n") : text.endsWith("}"))) finished.add(id);
    } catch {
      // It was killed; the loop ends with it.
    }
  }
}

async function waitingRows(platform: RunningPlatform, key: string): Promise<number> {
  const response = await fetch(new URL("/admin/v1/status", platform.baseUrl), { headers: { authorization: `Bearer ${key}` } });
  const { ledger } = platformStatus.parse(await response.json());
  return ledger.waiting_rows;
}
