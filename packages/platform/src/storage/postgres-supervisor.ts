import { setTimeout as delay } from "node:timers/promises";
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from "./embedded-postgres.ts";
import { RECOVERED_AFTER_MS, retryDelayMs } from "./retry-delay.ts";

export type PostgresState =
  | { readonly status: "up"; readonly since: Date }
  | {
      readonly status: "down";
      readonly since: Date;
      readonly reason: string;
      /** What the server printed last, oldest first. */
      readonly lastLines: readonly string[];
    };

interface SupervisedPostgres {
  /** The same for every server that is started on the directory. */
  readonly databaseUrl: string;
  state(): PostgresState;
  /** Resolves when nothing of it runs, also while it is being started again. Safe to call twice. @throws when a server does not end. */
  stop(): Promise<void>;
}

interface SupervisorOptions extends Omit<EmbeddedPostgresOptions, "signal"> {
  /** Called at each change, also where it is away for another reason than before. */
  readonly onState: (state: PostgresState) => void;
  /** How long to wait before the start that follows the n-th failure in a row, milliseconds. */
  readonly retryDelay?: (failures: number) => number;
}

/**
 * Starts the embedded PostgreSQL and keeps it alive: when it dies, its remains are cleared away and it is started again on the same
 * socket, for as long as that takes.
 * @throws Error that says what to do, when the first start fails.
 */
export async function supervisePostgres(options: SupervisorOptions): Promise<SupervisedPostgres> {
  const first = await startEmbeddedPostgres(options);
  const stopping = new AbortController();
  let state: PostgresState = { status: "up", since: new Date() };
  const running = keepAlive(first, stopping.signal, {
    ...options,
    onState: (next) => {
      const before = state;
      // A further failed start does not begin a new outage.
      state = next.status === "down" && before.status === "down" ? { ...next, since: before.since } : next;
      const isNews = next.status !== "down" || before.status !== "down" || next.reason !== before.reason;
      if (isNews) options.onState(state);
    },
  });
  // A server that does not end is the business of whoever stops.
  running.catch(() => undefined);
  return {
    databaseUrl: first.databaseUrl,
    state: () => state,
    stop: () => {
      stopping.abort(new Error("The embedded PostgreSQL is being stopped."));
      return running;
    },
  };
}

async function keepAlive(first: EmbeddedPostgres, signal: AbortSignal, options: SupervisorOptions): Promise<void> {
  const { onState, log, retryDelay = retryDelayMs } = options;
  const stopped = aborted(signal);
  let server: EmbeddedPostgres | undefined = first;
  let failures = 0;
  while (!signal.aborted) {
    try {
      server ??= await startAgain(options, signal);
      const startedAt = performance.now();
      const exit = await Promise.race([server.exited, stopped]);
      if (exit === undefined) break;
      if (performance.now() - startedAt > RECOVERED_AFTER_MS) failures = 0;
      onState({ status: "down", since: new Date(), reason: `it ended with status ${exit.code}`, lastLines: [...exit.lastLines] });
      // Where its shim was killed alone, the server itself goes on.
      const remains = server;
      server = undefined;
      await remains.stop();
    } catch (error) {
      if (signal.aborted) break;
      const reason = error instanceof Error ? error.message : String(error);
      log(reason);
      onState({ status: "down", since: new Date(), reason, lastLines: [] });
    }
    failures++;
    await delay(retryDelay(failures), undefined, { signal }).catch(() => undefined);
  }
  await server?.stop();
}

async function startAgain(options: SupervisorOptions, signal: AbortSignal): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ ...options, signal });
  options.onState({ status: "up", since: new Date() });
  return server;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
