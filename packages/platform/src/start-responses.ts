import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { ResponseParts } from "./endpoints/response-parts.ts";
import type { Lifetime } from "./lifetime.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { BackgroundRuns } from "./responses/background-runs.ts";
import { BackgroundStore } from "./responses/background-store.ts";
import { ConversationStore } from "./responses/conversation-store.ts";
import { ResponseStore } from "./responses/response-store.ts";
import type { DatabaseConnection } from "./storage/database.ts";

interface ResponsesOptions extends Pick<PlatformOptions, "logger"> {
  /** How long responses and conversations are kept after their last use; undefined: for ever. */
  readonly retentionMs: number | undefined;
  readonly connection: DatabaseConnection;
  readonly lifetime: Lifetime;
  /** Aborts when the platform no longer waits for what runs. */
  readonly shutdown: AbortSignal;
}

/** How often expired rows are looked for. */
const CLEAN_UP_MS = 3_600_000;
/** Rows of one statement, which must be done within the time that the database gives it. */
const CLEAN_UP_ROWS = 500;

/** What keeps responses and runs those that nobody waits for. To be started before clients are answered: it is stopped after they are done. */
export function startResponses({ retentionMs, connection, lifetime, logger, shutdown }: ResponsesOptions): ResponseParts {
  const { database } = connection;
  const store = new ResponseStore({ database, retentionMs });
  const conversations = new ConversationStore({ database, retentionMs });
  const background = new BackgroundStore(database);
  const runs = new BackgroundRuns({
    store: background,
    runnerId: randomUUID(),
    onFailure: (error, responseId) => logger.error({ part: "responses", response_id: responseId, err: error }, "a background response"),
    shutdown,
  });
  void connection.ready.then(() => runs.start());
  lifetime.add("background responses", () => runs.stop());
  if (retentionMs !== undefined) lifetime.add("responses' clean-up", removeExpired([store, conversations], logger));
  return { store, conversations, background, runs };
}

interface Expiring {
  /** @returns how many were removed. */
  removeExpired(most: number): Promise<number>;
}

/** Now and every hour, a few at a time. @returns the function that ends it. */
function removeExpired(stores: readonly Expiring[], logger: Logger): () => Promise<void> {
  let isOver = false;
  const removeNow = async (): Promise<void> => {
    try {
      for (const store of stores) {
        for (let removed = CLEAN_UP_ROWS; removed === CLEAN_UP_ROWS && !isOver; ) removed = await store.removeExpired(CLEAN_UP_ROWS);
      }
    } catch (error) {
      logger.warn({ part: "responses", err: error }, "expired responses could not be removed; tried again in an hour");
    }
  };
  let running = removeNow();
  const timer = setInterval(() => {
    running = running.then(removeNow);
  }, CLEAN_UP_MS);
  return async () => {
    isOver = true;
    clearInterval(timer);
    await running;
  };
}
