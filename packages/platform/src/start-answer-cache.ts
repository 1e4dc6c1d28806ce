import type { Logger } from "pino";
import { MemoryStore } from "./caching/memory-store.ts";
import { RedisStore } from "./caching/redis-store.ts";
import type { Config } from "./config.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Metrics } from "./observability/metrics.ts";
import { AnswerCache } from "./serving/answer-cache.ts";
import { connectRedis } from "./storage/redis.ts";

interface AnswerCacheOptions {
  readonly config: Pick<Config, "redisUrl" | "answerMemoryBytes">;
  readonly metrics: Metrics;
  readonly lifetime: Lifetime;
  readonly logger: Logger;
}

/** Undefined where the settings leave no room for answers. */
export function startAnswerCache({ config, metrics, lifetime, logger }: AnswerCacheOptions): AnswerCache | undefined {
  const { redisUrl, answerMemoryBytes } = config;
  if (redisUrl !== undefined) {
    const redis = connectRedis({ url: redisUrl, onError: (error) => logger.debug({ part: "redis", err: error }, "redis") });
    lifetime.add("redis", async () => redis.disconnect());
    const store = new RedisStore({
      redis,
      onLost: (error) => logger.warn({ part: "redis", err: error }, "stored answers are not used until Redis is back"),
      onBack: () => logger.info({ part: "redis" }, "stored answers are used again"),
    });
    return new AnswerCache({ store, metrics });
  }
  if (answerMemoryBytes === 0) return undefined;
  const store = new MemoryStore({ mostBytes: answerMemoryBytes });
  metrics.pullFrom({ cache: () => ({ answers: store.size, bytes: store.bytes }) });
  return new AnswerCache({ store, metrics });
}
