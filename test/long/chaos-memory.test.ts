import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endAll } from "../bonfire-process.ts";
import { beginStream, chunk, FINISH, FIRST_TEXT, head, ROLE, SAID, STREAM_TYPE } from "../chaos/answers.ts";
import { type ChaosPlatform, startChaosPlatform } from "../chaos/chaos-platform.ts";
import type { Answer, ChaosCall } from "../chaos/chaos-server.ts";
import { upstreamResource } from "../chaos/observe-case.ts";

const MB = 1_000_000;
const PART = Buffer.alloc(MB, "x");
/** At once, in the largest part; each keeps an event of 16 MiB at most, which grows by doubling. */
const AT_ONCE = 4;
const ROUNDS = 3;
/** What one hostile answer may cost while it is read. */
const MOST_EACH_MB = 100;
/** Of the second time over the first: what is left of one is not left of each. */
const MOST_GROWTH_MB = 80;
const LOOK_MS = 10;
const SLOW = "slow";

let chaos: ChaosPlatform;
beforeAll(async () => {
  chaos = await startChaosPlatform();
  const timeouts = { first_token: "90s", between_tokens: "90s", total: "10m" };
  const hostile = [...FIRST, ...SECOND].map(({ upstream }) => upstream);
  await chaos.apply({
    upstreams: [SLOW, ...hostile].map((name) => ({ ...upstreamResource(name, chaos), timeouts })),
    routes: hostile.map((model) => ({ model, groups: [{ deployments: [{ deployment: `${model}/m` }] }], retries: { attempts: 1 } })),
  });
  await askWell(SLOW);
});
afterAll(async () => {
  await endAll();
  await chaos.close();
});

/** As long as somebody reads, at most 100 MB. */
const flood =
  (begin: (call: ChaosCall) => Promise<void>): Answer =>
  async (call) => {
    await begin(call);
    for (let sent = 0; call.wire.isOpen && sent < 100; sent++) await call.wire.send(PART);
    call.wire.end();
  };

const answers =
  (status: number, type: string, first = "") =>
  ({ wire }: ChaosCall): Promise<void> =>
    wire.send(head(status, { "content-type": type }) + first);

const inStream =
  (text: string) =>
  async ({ wire }: ChaosCall): Promise<void> => {
    await beginStream(wire);
    await wire.send(text);
  };

const PACKED = gzipSync(Buffer.alloc(500 * MB, "x"));
const bomb: Answer = async ({ wire }) => {
  await wire.send(head(200, { ...STREAM_TYPE, "content-encoding": "gzip" }));
  await wire.send(PACKED);
  wire.end();
};

const HOSTILE: readonly (readonly [string, Answer])[] = [
  ["a line of 100 MB", flood(inStream(`${ROLE}data: {"x":"`))],
  ["a line of 100 MB behind content", flood(inStream(`${ROLE}${FIRST_TEXT}data: {"x":"`))],
  ["a field name of 100 MB", flood(inStream(ROLE))],
  ["a comment of 100 MB", flood(inStream(`${ROLE}: `))],
  ["JSON of 100 MB where a stream was asked for", flood(answers(200, "application/json", '{"x":"'))],
  ["HTML of 100 MB", flood(answers(200, "text/html"))],
  ["an error of 100 MB", flood(answers(500, "application/json", '{"error":"'))],
  ["a header of 100 MB", flood(({ wire }) => wire.send("HTTP/1.1 200 OK\r\nx-header: "))],
  ["500 MB in 500 KB of gzip", bomb],
];

/** One for each and each time, so that no breaker opens. */
const hostileUpstreams = (time: "first" | "second") => HOSTILE.map(([what, answer], at) => ({ what, answer, upstream: `${time}-${at}` }));
const [FIRST, SECOND] = [hostileUpstreams("first"), hostileUpstreams("second")];

/** Several at once, several times. @returns the most memory that the platform had meanwhile. */
async function peakMb({ answer, upstream }: { answer: Answer; upstream: string }): Promise<number> {
  const { server, ask, platform } = chaos;
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, memoryMb(platform.pid));
  }, LOOK_MS);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      server.misbehave(upstream, { answer });
      const seen = await Promise.all(Array.from({ length: AT_ONCE }, () => ask({ model: upstream, stream: true })));
      for (const { error, isDone } of seen) expect([error?.code, isDone]).toEqual(["upstream_error", false]);
      server.heal(upstream);
      await askWell(upstream);
    }
    return most;
  } finally {
    clearInterval(watch);
  }
}

describe("the memory of the platform is bounded", () => {
  let highestMb = 0;

  it.each(FIRST)("with $what", async (hostile) => {
    const before = memoryMb(chaos.platform.pid);
    const most = await peakMb(hostile);
    highestMb = Math.max(highestMb, most);
    console.log(`With ${hostile.what}: ${before} MB before, at most ${most} MB.`);
    expect(most - before).toBeLessThan(AT_ONCE * MOST_EACH_MB);
  });

  it("also with a list of models of 100 MB", async () => {
    const { server, call, platform } = chaos;
    const before = memoryMb(platform.pid);
    server.misbehave("long-list", { answer: flood(answers(200, "application/json", '{"data":["')) });
    const put = await call("PUT", "/admin/v1/upstreams/long-list", upstreamResource("long-list", { ...chaos, hasList: true }));
    expect(await put.json()).toMatchObject({ listed_models: 0, list_error: expect.stringMatching(/cannot be read/) });
    expect(memoryMb(platform.pid) - before).toBeLessThan(4 * MOST_EACH_MB);
  });

  it("and the same when all of them come once more", async () => {
    let most = 0;
    for (const hostile of SECOND) most = Math.max(most, await peakMb(hostile));
    console.log(`The first time ${highestMb} MB, then ${most} MB.`);
    expect(most - highestMb).toBeLessThan(MOST_GROWTH_MB);
  });
});

describe("an answer that takes minutes", () => {
  it.each([true, false])("comes whole, a byte each 200 ms (streamed: %s)", async (stream) => {
    const text = ROLE + chunk({ content: SAID }) + FINISH;
    chaos.server.misbehave(SLOW, {
      answer: async ({ wire }) => {
        await beginStream(wire);
        for (const byte of text) {
          await wire.send(byte);
          await delay(200);
        }
        wire.end();
      },
    });
    expect(await chaos.ask({ model: `${SLOW}/m`, stream })).toMatchObject({ status: 200, text: SAID, finishReason: "stop" });
  });

  it("has its total time, however many comments come", async () => {
    await chaos.apply({
      routes: [
        {
          model: "patient",
          groups: [{ deployments: [{ deployment: `${SLOW}/m` }] }],
          timeouts: { first_token: "5m", total: "65s" },
          retries: { attempts: 1 },
        },
      ],
    });
    chaos.server.misbehave(SLOW, {
      answer: async ({ wire }) => {
        await beginStream(wire);
        for (; wire.isOpen; await delay(100)) await wire.send(": still there\n\n");
      },
    });
    // Its status went out with the first keep-alive.
    expect(await chaos.ask({ model: "patient", stream: true })).toMatchObject({
      status: 200,
      error: { code: "upstream_timeout" },
      isDone: false,
    });
    expect(await chaos.ask({ model: "patient", stream: false })).toMatchObject({ status: 504, error: { code: "upstream_timeout" } });
  });
});

/** Resident, of the platform's own process. */
function memoryMb(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round((Number(kib) * 1_024) / MB);
}

async function askWell(upstream: string): Promise<void> {
  expect(await chaos.ask({ model: `${upstream}/m`, stream: true })).toMatchObject({ status: 200, text: SAID });
}
