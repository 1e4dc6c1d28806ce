import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { until } from "../../packages/platform/src/engine/testing/until.ts";
import { openSharedStores } from "../gateways/shared-stores.ts";
import { MODEL, WORDS } from "./replica-answer.ts";
import { type ReplicaProcess, startReplicaProcess } from "./replica-process.ts";
import { loadSteadily } from "./steady-load.ts";

interface FailoverLoad {
  readonly seconds: number;
  readonly perSecond: number;
  /** How often one of the replicas dies. */
  readonly killEveryMs: number;
}

interface Figures {
  readonly requests: number;
  readonly kills: number;
  /** Requests with more than one attempt. */
  readonly retried: number;
  readonly cutStreams: number;
  readonly attempts: number;
  readonly failedAttempts: number;
  /** Of the failed ones, those that no replica has seen. */
  readonly neverArrived: number;
}

/**
 * Three replicas behind one name, one of which dies again and again under a steady load. Nobody notices who has not seen the beginning of an
 * answer; who has is told that it broke off. Then what the replicas saw is compared with the ledger.
 */
export async function failOverUnderLoad({ seconds, perSecond, killEveryMs }: FailoverLoad): Promise<Figures> {
  const stores = await openSharedStores();
  const replicas: ReplicaProcess[] = [];
  try {
    const [gateway, ...started] = await Promise.all([
      stores.start("gateway"),
      ...["one", "two", "three"].map((name) => startReplicaProcess(name, stores.folder)),
    ]);
    replicas.push(...started);
    await gateway.apply({
      upstreams: replicas.map(({ name, url }) => ({ name, base_url: url, import_models: false, models: [{ id: MODEL }] })),
      routes: [{ model: "counter", groups: [{ deployments: replicas.map(({ name }) => ({ deployment: `${name}/${MODEL}` })) }] }],
    });

    const isOver = new AbortController();
    const killing = killInTurn(replicas, killEveryMs, isOver.signal);
    const outcomes = await loadSteadily({
      ...{ perSecond, seconds, model: "counter", expected: WORDS.join("") },
      url: `${gateway.baseUrl}/chat/completions`,
      headers: { authorization: `Bearer ${stores.key}` },
    });
    isOver.abort();
    const kills = await killing;
    expect(outcomes.filter(({ kind }) => kind === "failed")).toEqual([]);
    expect(outcomes.filter(({ kind, streamed }) => kind === "cut" && !streamed)).toEqual([]);

    await until(async () => (await gateway.unsavedRows()) === 0);
    expect(await gateway.stop()).toBe(0);
    const rows = await stores.rows();

    // Every client's end is in the last row of its request.
    const lastOf = new Map(rows.map((row) => [row.request_id, row]));
    const wrong = outcomes.filter(({ requestId, kind }) => lastOf.get(requestId)?.outcome !== (kind === "whole" ? "succeeded" : "failed"));
    expect(wrong).toEqual([]);
    expect(lastOf.size).toBe(outcomes.length);

    // Each attempt that a replica saw has its row; a row that none has seen is of an attempt that did not get there.
    const seen = countBy(replicas.flatMap(({ name, requests }) => requests().map((id) => `${name}/${MODEL} ${id}`)));
    const noted = countBy(rows.map(({ deployment, request_id }) => `${deployment} ${request_id}`));
    expect([...seen].filter(([attempt, count]) => count > (noted.get(attempt) ?? 0))).toEqual([]);
    const failed = countBy(
      rows.flatMap(({ deployment, request_id, outcome }) => (outcome === "failed" ? [`${deployment} ${request_id}`] : [])),
    );
    const unseen = [...noted].map(([attempt, count]) => ({ attempt, count: count - (seen.get(attempt) ?? 0) }));
    expect(unseen.filter(({ attempt, count }) => count > (failed.get(attempt) ?? 0))).toEqual([]);

    return {
      requests: outcomes.length,
      kills,
      retried: outcomes.filter(({ attempts }) => attempts > 1).length,
      cutStreams: outcomes.filter(({ kind }) => kind === "cut").length,
      attempts: rows.length,
      failedAttempts: rows.filter(({ outcome }) => outcome === "failed").length,
      neverArrived: unseen.reduce((sum, { count }) => sum + count, 0),
    };
  } finally {
    await stores.close();
    for (const replica of replicas) await replica.kill();
  }
}

/**
 * One dies every so often, or later where another one took long to come back: at least for half of that time all are there, or else it would
 * not be one of three that fails. @returns how many died; all of them run again at the end.
 */
async function killInTurn(replicas: readonly ReplicaProcess[], everyMs: number, signal: AbortSignal): Promise<number> {
  const wait = (ms: number) => delay(Math.max(ms, 0), undefined, { signal }).catch(() => undefined);
  await wait(everyMs / 2);
  for (let kills = 0; ; kills++) {
    if (signal.aborted) return kills;
    const killedAt = performance.now();
    const replica = replicas[kills % replicas.length];
    await replica?.kill();
    await wait(AWAY_SHARE * everyMs);
    await replica?.startAgain();
    await wait(Math.max(everyMs / 2, killedAt + everyMs - performance.now()));
  }
}

/** Of the time between two deaths. */
const AWAY_SHARE = 0.4;

function countBy(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
