import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../packages/platform/src/engine/testing/until.ts";
import type { Gateway } from "../gateways/gateway.ts";
import { HEARD_MS, startTwoGateways, type TwoGateways, textOf } from "../gateways/two-gateways.ts";

/** A gateway that died counts for five seconds, and the others look every second. */
const TAKEN_OVER_MS = 6_500;

let gateways: TwoGateways;
let one: Gateway;
let other: Gateway;
beforeAll(async () => {
  gateways = await startTwoGateways();
  ({ one, other } = gateways);
});
afterEach(() => gateways.closeUpstreams());
afterAll(() => gateways.close());

describe("the places of an upstream", () => {
  const PLACES = 4;
  /** Beyond its places an upstream gets at most one request for each further gateway. */
  const MOST = PLACES + 1;

  /** Keeps that many requests under way until the signal. */
  async function load(gateway: Gateway, text: string, signal: AbortSignal): Promise<void> {
    const client = async (): Promise<void> => {
      while (!signal.aborted) await textOf(await gateway.chat("places/held", { text }));
    };
    await Promise.all(Array.from({ length: 12 }, client));
  }

  it("are all one gateway's while the other is idle, and shared by both under load; together they hardly exceed them", async () => {
    const upstream = await gateways.addUpstream("places", { max_concurrent: PLACES });
    upstream.behave({ delayMs: 50 });
    const isOver = new AbortController();
    const alone = load(one, "one", isOver.signal);
    // Long enough that the other one has heard of it.
    await delay(HEARD_MS);
    expect(upstream.takePeak()).toBe(PLACES);
    const both = load(other, "other", isOver.signal);
    // What was lent comes back one by one.
    await until(async () => (await one.share("places/held")) === PLACES / 2 && (await other.share("places/held")) === PLACES / 2);
    const counted = upstream.arrived.length;
    await until(() => upstream.arrived.length >= counted + 50);
    const late = upstream.arrived.slice(counted);
    expect(upstream.takePeak()).toBeLessThanOrEqual(MOST);
    isOver.abort();
    await Promise.all([alone, both]);
    const share = late.filter((text) => text === "other").length / late.length;
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.7);
  });

  // The last one: there is one gateway less after it.
  it("of a gateway that was killed are taken over", async () => {
    const upstream = await gateways.addUpstream("orphaned", { max_concurrent: PLACES });
    upstream.behave({ holds: (text) => text !== "first" });
    for (const gateway of [one, other]) await textOf(await gateway.chat("orphaned/held", { text: "first" }));
    const lost = Array.from({ length: 6 }, () => other.chat("orphaned/held", { text: "lost" }).catch(() => undefined));
    await until(async () => (await one.share("orphaned/held")) === 1, HEARD_MS);
    const held = Array.from({ length: 6 }, () => one.chat("orphaned/held", { text: "held" }));
    await until(async () => (await one.waiting("orphaned/held")) === 5);
    expect(upstream.running()).toBe(MOST);
    other.kill("SIGKILL");
    await Promise.all(lost);
    await until(() => upstream.running() === PLACES, TAKEN_OVER_MS);
    expect(upstream.arrived.filter((text) => text === "held")).toHaveLength(PLACES);
    upstream.answer("held");
    for (const response of held) await textOf(await response);
  });
});
