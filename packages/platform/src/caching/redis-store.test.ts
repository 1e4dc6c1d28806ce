import { afterEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { connectRedis, type RedisConnection } from "../storage/redis.ts";
import { type PrivateRedis, startPrivateRedis } from "../storage/testing/private-redis.ts";
import { RedisStore } from "./redis-store.ts";
import { describeAnswerStore } from "./testing/answer-store-conformance.ts";
import { answerOf, GREETING } from "./testing/sample-answers.ts";

const AN_HOUR_MS = 3_600_000;
/** For those tests in which Redis answers: a machine that is busy is no outage. */
const PATIENT_MS = 10_000;

async function connected(url: string): Promise<RedisConnection> {
  const redis = connectRedis({ url, onError: () => undefined, silenceMs: 500 });
  await until(() => redis.status === "ready");
  return redis;
}

describeAnswerStore("Redis", async () => {
  const server = await startPrivateRedis();
  const redis = await connected(server.url);
  return {
    store: new RedisStore({ redis, budgetMs: PATIENT_MS }),
    close: async () => {
      redis.disconnect();
      await server.stop();
    },
  };
});

describe("a store in Redis", () => {
  const closing: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function started(): Promise<{ readonly server: PrivateRedis; readonly redis: RedisConnection }> {
    const server = await startPrivateRedis();
    closing.push(() => server.stop());
    const redis = await connected(server.url);
    closing.push(() => redis.disconnect());
    return { server, redis };
  }

  it("names what it stores by the hash alone, and gives it a time to live", async () => {
    const { redis } = await started();
    await new RedisStore({ redis, budgetMs: PATIENT_MS }).set("0a1b", answerOf(GREETING), AN_HOUR_MS);
    expect(await redis.keys("*")).toEqual(["bonfire:answer:0a1b"]);
    expect(await redis.pttl("bonfire:answer:0a1b")).toBeGreaterThan(AN_HOUR_MS - 60_000);
  });

  it("shares answers with every gateway on the same Redis", async () => {
    const { server, redis } = await started();
    const elsewhere = await connected(server.url);
    closing.push(() => elsewhere.disconnect());
    await new RedisStore({ redis, budgetMs: PATIENT_MS }).set("key", answerOf(GREETING), AN_HOUR_MS);
    expect(await new RedisStore({ redis: elsewhere, budgetMs: PATIENT_MS }).get("key")).toEqual(answerOf(GREETING));
  });

  it.each(["no JSON", "[]", '{"deployment":"d","storedAtMs":1,"events":[{"type":"unheard-of"}]}'])(
    "takes %s for no answer",
    async (text) => {
      const { redis } = await started();
      await redis.set("bonfire:answer:key", text);
      expect(await new RedisStore({ redis, budgetMs: PATIENT_MS }).get("key")).toBeUndefined();
    },
  );

  it("fails no request when Redis dies under it, and comes back with it by itself", async () => {
    const { server, redis } = await started();
    const heard: string[] = [];
    const store = new RedisStore({
      redis,
      budgetMs: PATIENT_MS,
      onLost: () => heard.push("lost"),
      onBack: () => heard.push("back"),
    });
    await store.set("key", answerOf(GREETING), AN_HOUR_MS);
    await server.kill();
    for (let i = 0; i < 20; i++) {
      expect(await store.get("key")).toBeUndefined();
      await store.set("key", answerOf(GREETING), AN_HOUR_MS);
    }
    expect(heard).toEqual(["lost"]);
    await server.start();
    await until(async () => {
      await store.set("key", answerOf(GREETING), AN_HOUR_MS);
      return (await store.get("key")) !== undefined;
    });
    expect(heard).toEqual(["lost", "back"]);
  });

  it("does not wait for a Redis that has fallen silent: after a few tries it is left alone, then asked by one request at a time", async () => {
    const { server, redis } = await started();
    let nowMs = 0;
    let commands = 0;
    const counted = new Proxy(redis, {
      get: (target, name) => {
        if (name === "get") commands++;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const store = new RedisStore({ redis: counted, budgetMs: 20, now: () => nowMs });
    await server.freeze();
    for (let i = 0; i < 10; i++) expect(await store.get("key")).toBeUndefined();
    expect(commands).toBe(3);
    nowMs += 60_000;
    await Promise.all(Array.from({ length: 10 }, () => store.get("key")));
    expect(commands).toBe(4);
    await server.thaw();
    await until(async () => {
      nowMs += 60_000;
      await store.set("key", answerOf(GREETING), AN_HOUR_MS);
      return (await store.get("key")) !== undefined;
    });
  });

  it("does not take a Redis that is full for one that is away", async () => {
    const { redis } = await started();
    const lost: unknown[] = [];
    const store = new RedisStore({ redis, budgetMs: PATIENT_MS, onLost: (error) => lost.push(error) });
    await store.set("early", answerOf(GREETING), AN_HOUR_MS);
    await redis.config("SET", "maxmemory", "1");
    for (let i = 0; i < 10; i++) await store.set("late", answerOf(GREETING), AN_HOUR_MS);
    expect(await store.get("late")).toBeUndefined();
    expect(await store.get("early")).toEqual(answerOf(GREETING));
    expect(lost).toEqual([]);
  });

  it("leaves a connection on which nothing is answered for a new one", async () => {
    const { server, redis } = await started();
    const store = new RedisStore({ redis, budgetMs: 20 });
    const closed = new Promise<void>((resolve) => redis.once("close", () => resolve()));
    await server.freeze();
    await store.get("key");
    await closed;
    await server.thaw();
    await until(() => redis.status === "ready");
    expect(await redis.ping()).toBe("PONG");
  });
});
