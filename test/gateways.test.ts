import { errorBody } from "@bonfire/protocol/error-body";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../packages/platform/src/engine/testing/until.ts";
import type { Gateway } from "./gateways/gateway.ts";
import { HEARD_MS, REACHED_MS, startTwoGateways, type TwoGateways, textOf } from "./gateways/two-gateways.ts";

let gateways: TwoGateways;
let one: Gateway;
let other: Gateway;
beforeAll(async () => {
  gateways = await startTwoGateways();
  ({ one, other } = gateways);
});
afterEach(() => gateways.closeUpstreams());
afterAll(() => gateways.close());

const deploymentOf = (response: Response) => response.headers.get("x-bonfire-deployment");

describe("what is said to one gateway", () => {
  it("counts at the other within two seconds: a route, and a change of it, while running requests keep the old one", async () => {
    const [first, second] = [await gateways.addUpstream("route-one"), await gateways.addUpstream("route-two")];
    first.behave({ holds: (text) => text === "long", wordsBefore: 1 });
    const route = (deployment: string) => ({ routes: [{ model: "routed", groups: [{ deployments: [{ deployment }] }] }] });
    await one.apply(route("route-one/held"));
    await until(async () => (await (await other.call("/v1/models")).text()).includes('"routed"'), REACHED_MS);
    const running = await other.chat("routed", { text: "long", stream: true });
    expect(deploymentOf(running)).toBe("route-one/held");

    await one.apply(route("route-two/held"));
    await until(async () => deploymentOf(await other.chat("routed", { text: "short" })) === "route-two/held", REACHED_MS);
    first.answer("long");
    expect(await textOf(running)).toMatch(/You said long\.[\s\S]*\[DONE\]/);
    expect(second.arrived).toContain("short");
  });

  it("counts at the other within two seconds: a drained deployment takes nothing, and is used again when it is resumed", async () => {
    const upstream = await gateways.addUpstream("drained");
    await one.drain("drained/held");
    await until(async () => (await other.deployment("drained/held"))?.draining === true, REACHED_MS);
    for (const gateway of [one, other]) {
      const refused = await gateway.chat("drained/held");
      expect(refused.status).toBe(503);
      expect(errorBody.parse(await refused.json()).error.code).toBe("model_unavailable");
    }
    expect(upstream.arrived).toEqual([]);
    await other.drain("drained/held", false);
    await until(async () => (await one.chat("drained/held")).ok, REACHED_MS);
  });
});

it("a deployment that failed at one gateway is left alone by the other, which has not tried it", async () => {
  const upstream = await gateways.addUpstream("broken");
  upstream.behave({ isBroken: true });
  await one.apply({
    routes: [{ model: "fragile", groups: [{ deployments: [{ deployment: "broken/held" }] }], retries: { attempts: 1 } }],
  });
  for (let request = 0; request < 5; request++) expect((await one.chat("fragile")).status).toBe(502);
  await until(async () => (await other.deployment("broken/held"))?.breaker === "open", HEARD_MS);
  const refused = await other.chat("broken/held");
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  expect(upstream.arrived).toHaveLength(5);
});

describe("related requests go to the same deployment from wherever they come", () => {
  const NAMES = ["near", "far", "away"];
  const KINDS = Array.from({ length: 12 }, (_, index) => `number ${index}`);

  it.each([
    ["session", (kind: string) => ({ headers: { "x-bonfire-session": kind } })],
    ["prefix", (kind: string) => ({ text: `${`${kind}, `.repeat(60)} and ${Math.random()}` })],
  ])("by %s", async (affinity, optionsFor) => {
    const names = NAMES.map((name) => `${name}-by-${affinity}`);
    for (const name of names) await gateways.addUpstream(name);
    const groups = [{ deployments: names.map((name) => ({ deployment: `${name}/held` })) }];
    await one.apply({ routes: [{ model: `sticky-${affinity}`, affinity, groups }] });
    await until(async () => (await other.chat(`sticky-${affinity}`)).ok, REACHED_MS);
    const used = new Set<string | null>();
    for (const kind of KINDS) {
      const chosen = [];
      for (const gateway of [one, other, other, one]) chosen.push(deploymentOf(await gateway.chat(`sticky-${affinity}`, optionsFor(kind))));
      expect(new Set(chosen).size).toBe(1);
      used.add(chosen[0] ?? null);
    }
    expect(used.size).toBeGreaterThan(1);
  });
});

describe("stored answers in Redis", () => {
  const cached = (gateway: Gateway, text: string, { model = "cached/held", key }: { model?: string; key?: string } = {}) =>
    gateway.chat(model, { text, key, headers: { "x-bonfire-cache": "on" } });
  const cacheOf = (response: Response) => response.headers.get("x-bonfire-cache");

  it("are the whole project's, at all gateways, and never another project's", async () => {
    const upstream = await gateways.addUpstream("cached");
    const colleague = await one.newKey("a colleague");
    const stranger = await one.newKey("a stranger");
    await gateways.stores.query(
      "insert into projects (id, account_id, name) select 'proj_other', account_id, 'Other' from projects limit 1",
    );
    await gateways.stores.query("update api_keys set project_id = 'proj_other' where name = 'a stranger'");
    await gateways.stores.query("update snapshot_versions set version = version + 1 where kind = 'keys'");
    for (const gateway of [one, other]) {
      const earlier = (await gateways.stores.rows()).filter((row) => row.project_id === "proj_other").length;
      await until(async () => {
        await gateway.chat("cached/held", { key: stranger });
        return (await gateways.stores.rows()).filter((row) => row.project_id === "proj_other").length > earlier;
      });
    }

    const first = await cached(one, "What is a bonfire?");
    expect(cacheOf(first)).toBe("miss");
    const said = await textOf(first);
    for (const [gateway, key] of [[other], [other, colleague], [one]] as const) {
      const again = await cached(gateway, "What is a bonfire?", key === undefined ? {} : { key });
      expect(cacheOf(again)).toBe("hit");
      expect(JSON.parse(await textOf(again)).choices).toEqual(JSON.parse(said).choices);
    }
    for (const gateway of [one, other]) {
      const strange = await cached(gateway, "What is a bonfire?", { key: stranger });
      expect(cacheOf(strange)).toBe(gateway === one ? "miss" : "hit");
      await strange.text();
    }
    // Of that text: once for each project.
    expect(upstream.arrived.filter((text) => text === "What is a bonfire?")).toHaveLength(2);
  });

  it("are done without while Redis is away, and used again when it is back", async () => {
    await gateways.addUpstream("cached-again");
    const ask = async () => cacheOf(await cached(one, "And now?", { model: "cached-again/held" }));
    expect(await ask()).toBe("miss");
    expect(await ask()).toBe("hit");
    await gateways.redis.kill();
    for (let request = 0; request < 6; request++) expect(await ask()).toBe("miss");
    await gateways.redis.start();
    await until(async () => (await ask()) === "hit", 20_000);
  });
});

it("while the database is away requests go on at both gateways; what was said after it counts again, and no row is lost", async () => {
  await gateways.addUpstream("steady");
  const before = (await gateways.stores.rows()).length;
  await gateways.stores.stopPostgres();
  for (const gateway of [one, other]) {
    for (let request = 0; request < 3; request++) await textOf(await gateway.chat("steady/held"));
    expect((await gateway.call("/admin/v1/keys", { body: { name: "x" } })).status).toBe(503);
  }
  await gateways.stores.startPostgres();
  const groups = [{ deployments: [{ deployment: "steady/held" }] }];
  await until(async () => {
    const applied = await one.call("/admin/v1/apply", { body: { resources: { routes: [{ model: "afterwards", groups }] } } });
    return applied.ok;
  }, 20_000);
  await until(async () => (await other.chat("afterwards")).ok, 20_000);
  for (const gateway of [one, other]) await until(async () => (await gateway.unsavedRows()) === 0, 20_000);
  expect(
    (await gateways.stores.rows()).slice(before).filter(({ deployment }) => deployment === "steady/held").length,
  ).toBeGreaterThanOrEqual(7);
});
