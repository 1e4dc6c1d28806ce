import { Redis, ReplyError } from "ioredis";
import { retryDelayMs } from "./retry-delay.ts";

export type RedisConnection = Redis;

interface RedisOptions {
  /** `redis://`, `rediss://`, or the path of a unix socket. */
  readonly url: string;
  /** Hears each failure of the connection, which is made again for as long as it takes. */
  readonly onError: (error: Error) => void;
  /** How long the server may be silent while it is asked something, before the connection is given up for a new one. */
  readonly silenceMs?: number;
}

const CONNECT_TIMEOUT_MS = 3_000;
const SILENCE_MS = 5_000;

/** A connection that fails what is asked while it is away, rather than letting it wait, and that comes back by itself. */
export function connectRedis({ url, onError, silenceMs = SILENCE_MS }: RedisOptions): RedisConnection {
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: silenceMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // What was asked when the connection broke fails at once.
    maxRetriesPerRequest: 0,
    retryStrategy: retryDelayMs,
  });
  redis.on("error", onError);
  return redis;
}

/** Whether it was Redis itself that said no: it is there. */
export function wasRefusedByRedis(error: unknown): boolean {
  return error instanceof ReplyError;
}
