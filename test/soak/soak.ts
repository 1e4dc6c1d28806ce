import { randomBytes } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { slope } from "../../bench/measure/statistics.ts";
import { LiveMemory } from "../../bench/processes/live-memory.ts";
import { memoryOf } from "../../bench/processes/proc.ts";
import { until } from "../../packages/platform/src/engine/testing/until.ts";
import { startEmbeddedPostgres } from "../../packages/platform/src/storage/embedded-postgres.ts";
import { endAll } from "../bonfire-process.ts";
import { startPlatformProcess } from "../running-platform.ts";
import { type Order, SOAK_MODEL, startVariedReplica, type VariedReplica } from "./varied-replica.ts";

interface SoakOptions {
  readonly totalMs: number;
  /** Until then nothing is measured: caches fill, code is compiled. */
  readonly warmUpMs: number;
  /** Between two measurements, each of them while nothing is under way. */
  readonly everyMs: number;
}

interface Soaked {
  readonly requests: number;
  /** Of them, those that got an answer of the model, whole or in part. */
  readonly answered: number;
  readonly samples: number;
  /** On the heap and in buffers, garbage excluded. */
  readonly liveMb: number;
  readonly liveMbPerHour: number;
  readonly residentMb: number;
  readonly residentMbPerHour: number;
}

interface Sample {
  readonly hours: number;
  readonly liveMb: number;
  readonly residentMb: number;
}

const CLIENTS = 16;
const HOUR_MS = 3_600_000;

/** Asks a gateway with keys and a ledger all sorts of things for a long time, and looks how its memory grows. */
export async function soak({ totalMs, warmUpMs, everyMs }: SoakOptions): Promise<Soaked> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "bf-"));
  const key = randomBytes(24).toString("hex");
  const replica = await startVariedReplica();
  const postgres = await startEmbeddedPostgres({ directory: join(folder, "database"), log: () => undefined });
  try {
    const platform = await startPlatformProcess({
      home: join(folder, "home"),
      env: {
        BONFIRE_PRELOAD: "none",
        BONFIRE_UPSTREAM_URL: replica.url,
        BONFIRE_BOOTSTRAP_KEY: key,
        DATABASE_URL: postgres.databaseUrl,
        NODE_OPTIONS: "--inspect-port=127.0.0.1:0",
      },
    });
    const load = new Load(platform.baseUrl, key);
    const startedAt = performance.now();
    await load.runFor(warmUpMs);
    const memory = await LiveMemory.open({ pid: platform.pid, lastLines: platform.stderr });
    const samples: Sample[] = [];
    while (performance.now() - startedAt < totalMs) {
      await load.runFor(everyMs);
      await isQuiet(replica);
      const liveMb = (await memory.bytes()) / 1e6;
      samples.push({ hours: (performance.now() - startedAt) / HOUR_MS, liveMb, residentMb: memoryOf(platform.pid).residentMb });
    }
    memory.close();
    await platform.stop();
    return { requests: load.requests, answered: load.answered, samples: samples.length, ...growth(samples) };
  } finally {
    await endAll();
    await postgres.stop();
    await replica.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nothing is answered any more, and what was metered has reached the database. */
async function isQuiet(replica: VariedReplica): Promise<void> {
  await until(() => replica.busy() === 0);
  await delay(1_000);
}

function growth(samples: readonly Sample[]): Omit<Soaked, "requests" | "answered" | "samples"> {
  const hours = samples.map((sample) => sample.hours);
  const [live, resident] = [samples.map(({ liveMb }) => liveMb), samples.map(({ residentMb }) => residentMb)];
  return {
    liveMb: live.at(-1) ?? Number.NaN,
    liveMbPerHour: slope(hours, live),
    residentMb: resident.at(-1) ?? Number.NaN,
    residentMbPerHour: slope(hours, resident),
  };
}

/** Answers break off seldom: an upstream that often fails is left alone, and then nothing is tried. */
function orderOf(number: number): Order {
  if (number % 97 === 0) return "break off";
  if (number % 11 === 0) return "fail";
  return number % 2 === 0 ? "answer" : "answer slowly";
}

/** Clients that ask one thing after the other, each time something else. */
class Load {
  requests = 0;
  answered = 0;
  readonly #url: string;
  readonly #key: string;

  constructor(baseUrl: string, key: string) {
    this.#url = `${baseUrl}/chat/completions`;
    this.#key = key;
  }

  async runFor(ms: number): Promise<void> {
    const until = performance.now() + ms;
    const client = async (): Promise<void> => {
      while (performance.now() < until) await this.#ask(this.requests++);
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  }

  /** Streams and whole answers, failures of the replica, hang-ups, names and keys that do not exist. */
  async #ask(number: number): Promise<void> {
    const order = orderOf(number);
    const hangUp = new AbortController();
    const hangsUp = number % 7 === 0;
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: {
          authorization: `Bearer ${number % 31 === 0 ? "bf-nobody-has-this-key" : this.#key}`,
          "content-type": "application/json",
          "x-request-number": String(number),
        },
        body: JSON.stringify({
          model: number % 29 === 0 ? `unknown/model-${number}` : SOAK_MODEL,
          messages: [{ role: "user", content: order }],
          user: `user-${number}`,
          stream: number % 3 !== 0,
        }),
        signal: hangUp.signal,
      });
      if (response.ok) this.answered++;
      if (hangsUp) hangUp.abort();
      await response.arrayBuffer();
    } catch {
      // Hung up, or the answer broke off.
    }
  }
}
