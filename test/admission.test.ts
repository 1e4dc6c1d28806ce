import { setTimeout as delay } from "node:timers/promises";
import { errorBody } from "@bonfire/protocol/error-body";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../packages/platform/src/engine/testing/until.ts";
import type { Gateway } from "./gateways/gateway.ts";
import { type HeldUpstream, startHeldUpstream } from "./gateways/held-upstream.ts";
import { openSharedStores, type SharedStores } from "./gateways/shared-stores.ts";

/** Requests that wait for one model; one key has half of them. */
const QUEUE_SIZE = 8;
const OF_ONE_KEY = QUEUE_SIZE / 2;

let stores: SharedStores;
let gateway: Gateway;
beforeAll(async () => {
  stores = await openSharedStores();
  gateway = await stores.start("patient", { BONFIRE_QUEUE_SIZE: String(QUEUE_SIZE) });
});
afterAll(() => stores.close());

const upstreams: HeldUpstream[] = [];
afterEach(async () => {
  for (const upstream of upstreams.splice(0)) await upstream.close();
});

let names = 0;

/** An upstream that takes so many requests at once; its model is asked for by the name of the deployment. */
async function addUpstream(places: number, at = gateway): Promise<{ readonly upstream: HeldUpstream; readonly model: string }> {
  const name = `held-${++names}`;
  const upstream = await startHeldUpstream();
  upstreams.push(upstream);
  const { url: base_url, model: id } = upstream;
  await at.apply({
    upstreams: [{ name, base_url, import_models: false, models: [{ id }], max_concurrent: places, health_check: "off" }],
  });
  return { upstream, model: `${name}/${id}` };
}

/** One with a single place, which somebody has until `answer("occupant")`. */
async function occupied(): Promise<{ readonly upstream: HeldUpstream; readonly model: string; readonly occupant: Promise<Response> }> {
  const { upstream, model } = await addUpstream(1);
  upstream.behave({ holds: (text) => text === "occupant" });
  const occupant = gateway.chat(model, { text: "occupant" });
  await until(() => upstream.running() === 1);
  return { upstream, model, occupant };
}

/** Sends requests one after the other, each once the one before it waits. */
async function lineUp(model: string, requests: readonly (() => Promise<Response>)[]): Promise<readonly Promise<Response>[]> {
  const waiting = [];
  for (const [index, send] of requests.entries()) {
    waiting.push(send());
    await until(async () => (await gateway.waiting(model)) === index + 1);
  }
  return waiting;
}

async function codeOf(response: Response): Promise<unknown> {
  return errorBody.parse(await response.json()).error.code;
}

const retryAfterOf = (response: Response) => Number(response.headers.get("retry-after"));
const queuedMsOf = (response: Response) => Number(response.headers.get("x-bonfire-queue-ms"));

describe("those who wait for a place get it", () => {
  it("by their class: priority before default before flex before batch, whenever they came", async () => {
    const { upstream, model, occupant } = await occupied();
    const send = (text: string) => () => gateway.chat(model, { text, headers: { "x-bonfire-priority": text } });
    const messages = [{ role: "user", content: "service tier" }];
    const waiting = await lineUp(model, [
      ...["batch", "flex", "default"].map(send),
      () => gateway.call("/v1/chat/completions", { body: { model, messages, service_tier: "priority" } }),
    ]);
    upstream.answer("occupant");
    for (const response of await Promise.all([occupant, ...waiting])) expect(response.status).toBe(200);
    expect(upstream.arrived).toEqual(["occupant", "service tier", "default", "flex", "batch"]);
  });

  it("by turns of their keys: one that floods does not keep another waiting", async () => {
    const { upstream, model, occupant } = await occupied();
    const [flooding, quiet] = [await gateway.newKey("flooding"), await gateway.newKey("quiet")];
    const send = (text: string, key: string) => () => gateway.chat(model, { text, key });
    const flood = Array.from({ length: OF_ONE_KEY }, (_, index) => send(`flood ${index}`, flooding));
    const waiting = await lineUp(model, [...flood, send("quiet 0", quiet), send("quiet 1", quiet)]);
    upstream.answer("occupant");
    await Promise.all([occupant, ...waiting]);
    expect(upstream.arrived.slice(1)).toEqual(["flood 0", "quiet 0", "flood 1", "quiet 1", "flood 2", "flood 3"]);
  });

  it("and are told how long that took, as is the ledger", async () => {
    const { upstream, model, occupant } = await occupied();
    const [waiting] = await lineUp(model, [() => gateway.chat(model, { text: "later" })]);
    await delay(50);
    upstream.answer("occupant");
    expect((await occupant).headers.get("x-bonfire-queue-ms")).toBeNull();
    const later = await waiting;
    if (later === undefined) throw new Error("Nobody waited.");
    expect(queuedMsOf(later)).toBeGreaterThanOrEqual(50);
    await until(async () => (await stores.rows()).some((row) => row.deployment === model && row.queued_ms === queuedMsOf(later)));
  });
});

describe("a queue that is full", () => {
  it("tells a key with half of it that the limit is its own, and anybody else that the platform is at its end", async () => {
    const { upstream, model, occupant } = await occupied();
    const keys = [await gateway.newKey("first"), await gateway.newKey("second"), await gateway.newKey("third")];
    const [first, second, third] = keys;
    const send = (key?: string) => () => gateway.chat(model, { key });
    const waiting = await lineUp(
      model,
      Array.from({ length: QUEUE_SIZE }, (_, index) => send(index < OF_ONE_KEY ? first : second)),
    );
    const own = await send(first)();
    expect([own.status, await codeOf(own)]).toEqual([429, "rate_limit_exceeded"]);
    expect(retryAfterOf(own)).toBeGreaterThanOrEqual(1);
    const everybodys = await send(third)();
    expect([everybodys.status, await codeOf(everybodys)]).toEqual([503, "overloaded"]);
    expect(retryAfterOf(everybodys)).toBeGreaterThanOrEqual(1);

    // Who is more urgent takes the place of the last one that is less so.
    const urgent = gateway.chat(model, { key: third, text: "urgent", headers: { "x-bonfire-priority": "priority" } });
    const pushedOut = await Promise.race(waiting);
    expect([pushedOut.status, await codeOf(pushedOut)]).toEqual([503, "overloaded"]);
    upstream.answer("occupant");
    const statuses = (await Promise.all([occupant, urgent, ...waiting])).map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array<number>(QUEUE_SIZE + 1).fill(200), 503]);
    expect(upstream.arrived[1]).toBe("urgent");
  });

  it("says when to come back by how fast its places come free", async () => {
    const estimateWhere = async (delayMs: number): Promise<number> => {
      const { upstream, model } = await addUpstream(1);
      upstream.behave({ delayMs });
      const [first, second, third] = [await gateway.newKey("a"), await gateway.newKey("b"), await gateway.newKey("c")];
      const isOver = new AbortController();
      const client = async (key: string): Promise<void> => {
        while (!isOver.signal.aborted) await (await gateway.chat(model, { key })).text();
      };
      const clients = [first, second].flatMap((key) => Array.from({ length: OF_ONE_KEY }, () => client(key)));
      // One more holds the place itself.
      clients.push(client(third));
      await until(() => upstream.arrived.length >= 5);
      let refused: Response | undefined;
      await until(async () => {
        const response = await gateway.chat(model, { key: third });
        if (response.status === 503) refused = response;
        return refused !== undefined;
      });
      isOver.abort();
      await Promise.all(clients);
      return refused === undefined ? Number.NaN : retryAfterOf(refused);
    };
    const [slow, fast] = await Promise.all([estimateWhere(300), estimateWhere(20)]);
    expect(fast).toBe(1);
    // Eight before it, a third of a second each.
    expect(slow).toBeGreaterThanOrEqual(2);
    expect(slow).toBeLessThanOrEqual(6);
  });

  it("does not keep anybody for ever: after the deadline they are told to come back", async () => {
    const impatient = await stores.start("impatient", { BONFIRE_QUEUE_WAIT: "200ms" });
    const { upstream, model } = await addUpstream(1, impatient);
    upstream.behave({ holds: () => true });
    const occupant = impatient.chat(model, { text: "occupant" });
    await until(() => upstream.running() === 1);
    const late = await impatient.chat(model, { text: "late" });
    expect([late.status, await codeOf(late)]).toEqual([503, "overloaded"]);
    expect(retryAfterOf(late)).toBeGreaterThanOrEqual(1);
    upstream.answer("occupant");
    expect((await occupant).status).toBe(200);
    expect(upstream.arrived).toEqual(["occupant"]);
    expect(await impatient.stop()).toBe(0);
  });
});

describe("who hangs up", () => {
  it("while waiting leaves the queue, and the upstream never hears of it", async () => {
    const { upstream, model, occupant } = await occupied();
    const leaving = new AbortController();
    const [gone] = await lineUp(model, [() => gateway.chat(model, { text: "gone", signal: leaving.signal })]);
    leaving.abort();
    await expect(gone).rejects.toThrow();
    await until(async () => (await gateway.waiting(model)) === 0);
    upstream.answer("occupant");
    expect((await occupant).status).toBe(200);
    expect((await gateway.chat(model, { text: "next" })).status).toBe(200);
    expect(upstream.arrived).toEqual(["occupant", "next"]);
  });

  it.each([
    ["before the first word", { stream: true, wordsBefore: 0 }],
    ["in the middle of a stream", { stream: true, wordsBefore: 3 }],
    ["in the middle of an answer that is not streamed", { stream: false, wordsBefore: 3 }],
  ])("%s stops the upstream, and its place is the next one's", async (_, { stream, wordsBefore }) => {
    const { upstream, model } = await addUpstream(1);
    upstream.behave({ holds: (text) => text === "leaves", wordsBefore });
    const leaving = new AbortController();
    const left = gateway.chat(model, { text: "leaves", stream, signal: leaving.signal }).then((response) => response.text());
    await until(() => upstream.running() === 1);
    const [next] = await lineUp(model, [() => gateway.chat(model, { text: "next" })]);
    leaving.abort();
    await expect(left).rejects.toThrow();
    expect((await next)?.status).toBe(200);
    expect(upstream.left).toEqual(["leaves"]);
    await until(async () => (await stores.rows()).some((row) => row.deployment === model && row.outcome === "cancelled"));
  });
});

describe("a deployment that is drained while requests wait for it", () => {
  it("leaves them to the fallback of their route", async () => {
    const { upstream, model, occupant } = await occupied();
    const spare = await addUpstream(1);
    const groups = [model, spare.model].map((deployment) => ({ deployments: [{ deployment }] }));
    await gateway.apply({ routes: [{ model: "with-a-spare", groups }] });
    const [waiting] = await lineUp("with-a-spare", [() => gateway.chat("with-a-spare", { text: "waits" })]);
    await gateway.drain(model);
    expect((await waiting)?.headers.get("x-bonfire-deployment")).toBe(spare.model);
    upstream.answer("occupant");
    expect((await occupant).status).toBe(200);
    expect(upstream.arrived).toEqual(["occupant"]);
  });

  it("sends them away where there is no other", async () => {
    const { upstream, model, occupant } = await occupied();
    const [waiting] = await lineUp(model, [() => gateway.chat(model, { text: "waits" })]);
    await gateway.drain(model);
    const refused = await waiting;
    expect(refused?.status).toBe(503);
    upstream.answer("occupant");
    expect((await occupant).status).toBe(200);
    expect(upstream.arrived).toEqual(["occupant"]);
  });
});

describe("a route that hedges", () => {
  const SHARE = 0.2;

  /** Requests go to the first one, and to the second where the first is slow. */
  async function hedged(name: string) {
    const [slow, spare] = [await addUpstream(100), await addUpstream(100)];
    const deployments = [slow, spare].map(({ model: deployment }, index) => ({ deployment, weight: 1 - index }));
    await gateway.apply({ routes: [{ model: name, groups: [{ deployments }], hedge: { after: "50ms", share: SHARE } }] });
    return { slow, spare, rows: async () => (await stores.rows()).filter(({ model }) => model === name) };
  }

  it("gives the answer of whoever is first, closes the other one's connection, and has both in the ledger", async () => {
    const { slow, spare, rows } = await hedged("hedged");
    for (let request = 0; request < 1 / SHARE; request++) await gateway.chat("hedged");
    slow.upstream.behave({ holds: () => true });
    const answered = await gateway.chat("hedged", { text: "hurry" });
    expect(await answered.text()).toContain("You said hurry.");
    expect(answered.headers.get("x-bonfire-deployment")).toBe(spare.model);
    expect(answered.headers.get("x-bonfire-attempts")).toBe("2");
    await until(() => slow.upstream.left.includes("hurry"));
    await until(async () => (await rows()).length === 1 / SHARE + 2);
    const id = answered.headers.get("x-request-id");
    expect((await rows()).filter((row) => row.request_id === id)).toMatchObject([
      { deployment: slow.model, attempt: 1, cause: "first", outcome: "cancelled", error_code: "hedge_lost" },
      { deployment: spare.model, attempt: 2, cause: "hedge", outcome: "succeeded", error_code: null },
    ]);
  });

  it("does so for no more than its share of the requests, however slow they are", async () => {
    const { slow, spare, rows } = await hedged("capped");
    slow.upstream.behave({ delayMs: 200 });
    const requests = 30;
    const responses = await Promise.all(Array.from({ length: requests }, () => gateway.chat("capped")));
    for (const { status } of responses) expect(status).toBe(200);
    await until(async () => (await rows()).length === requests + spare.upstream.arrived.length);
    const hedges = (await rows()).filter(({ cause }) => cause === "hedge").length;
    expect(hedges).toBe(spare.upstream.arrived.length);
    expect(hedges).toBeGreaterThan(0);
    expect(hedges).toBeLessThanOrEqual(SHARE * requests);
  });
});

it("a platform that stops lets answers end for its grace, then stops the upstreams and notes what was produced", async () => {
  const WORDS = 5;
  const ending = await stores.start("ending", { BONFIRE_SHUTDOWN_GRACE: "1s" });
  const [endless, brief] = [await addUpstream(2, ending), await addUpstream(1, ending)];
  for (const { upstream } of [endless, brief]) upstream.behave({ holds: () => true, wordsBefore: WORDS });
  const read = async (sent: Promise<Response>) => {
    const response = await sent;
    return { status: response.status, text: await response.text() };
  };
  const inTime = read(ending.chat(brief.model, { text: "in time", stream: true }));
  const cut = read(ending.chat(endless.model, { text: "cut", stream: true }));
  const whole = read(ending.chat(endless.model, { text: "whole" }));
  await until(() => endless.upstream.running() === 2 && brief.upstream.running() === 1);
  const queued = read(ending.chat(endless.model, { text: "queued" }));
  await until(async () => (await ending.waiting(endless.model)) === 1);

  ending.kill("SIGTERM");
  await until(() =>
    ending.call("/ready").then(
      ({ ok }) => !ok,
      () => true,
    ),
  );
  brief.upstream.answer("in time");
  expect((await inTime).text).toMatch(/You said in time\.[\s\S]*\[DONE\]/);
  await until(() => endless.upstream.left.length === 2);
  expect(endless.upstream.running()).toBe(0);
  expect((await cut).text).toContain("shutting_down");
  expect((await cut).text).not.toContain("[DONE]");
  for (const { status, text } of [await whole, await queued])
    expect([status, text]).toEqual([503, expect.stringContaining("shutting_down")]);
  expect(await ending.exited).toBe(0);
  expect(endless.upstream.arrived).not.toContain("queued");

  const rows = (await stores.rows()).filter(({ deployment }) => [endless.model, brief.model].includes(deployment));
  const cancelled = { outcome: "cancelled", completion: WORDS, usage_source: "estimated" };
  expect(rows).toHaveLength(3);
  expect(rows.filter(({ deployment }) => deployment === endless.model)).toMatchObject([cancelled, cancelled]);
  expect(rows.find(({ deployment }) => deployment === brief.model)).toMatchObject({ outcome: "succeeded", usage_source: "provider" });
});
