import type { ResponseError, ResponseObject } from "@bonfire/protocol/responses";
import { and, count, eq, inArray, lt, ne, sql } from "drizzle-orm";
import type { GenerateEvent } from "../engine/generation.ts";
import type { Database } from "../storage/database.ts";
import { responseItems, responses } from "../storage/schema.ts";
import { inTransaction } from "../storage/transaction.ts";
import { appendToConversation } from "./append-items.ts";
import { insertItems } from "./insert-items.ts";
import { reachDatabase } from "./reach-database.ts";
import { eventsToKeep, readKeptEvents } from "./replayed-events.ts";
import type { NewResponse } from "./response-store.ts";
import type { Scope } from "./scope.ts";

const isRunning = inArray(responses.status, ["queued", "in_progress"]);

const RUNNER_IS_GONE: ResponseError = {
  code: "server_error",
  message: "The server that generated this response stopped before it was complete.",
};

/**
 * Background responses while they run. Their row says who runs them and how they stand; it has ended for everybody as soon as its status
 * says so, whoever wrote that. Failures come as `ApiError`.
 */
export class BackgroundStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A response that waits for its turn. */
  async add({ scope, response, input }: NewResponse, runnerId: string): Promise<void> {
    const { output, ...body } = response;
    await reachDatabase(() =>
      inTransaction(this.#database, async (transaction) => {
        await transaction.insert(responses).values({
          id: response.id,
          ...scope,
          status: response.status,
          background: true,
          previousResponseId: response.previous_response_id,
          conversationId: response.conversation?.id ?? null,
          body,
          runnerId,
          aliveAt: sql`now()`,
          createdAt: new Date(response.created_at * 1_000),
        });
        await insertItems(transaction, { ...scope, responseId: response.id, input, output });
      }),
    );
  }

  /** An engine has begun with it. */
  async markBegun(id: string): Promise<void> {
    await reachDatabase(() =>
      this.#database
        .update(responses)
        .set({ status: "in_progress" })
        .where(and(eq(responses.id, id), eq(responses.status, "queued"))),
    );
  }

  /** @returns false where it had ended before, or was deleted: then nothing is written. */
  async end({ scope, response, input }: NewResponse, events: readonly GenerateEvent[]): Promise<boolean> {
    const { output, ...body } = response;
    return reachDatabase(() =>
      inTransaction(this.#database, async (transaction) => {
        const { id, status } = response;
        const ended = await transaction
          .update(responses)
          .set({ status, body, events: eventsToKeep(events), lastUsedAt: sql`now()` })
          .where(and(eq(responses.id, id), isRunning))
          .returning({ id: responses.id });
        if (ended.length === 0) return false;
        const [before] = await transaction.select({ items: count() }).from(responseItems).where(eq(responseItems.responseId, id));
        await insertItems(transaction, { ...scope, responseId: id, input: [], output }, before?.items);
        await appendToConversation(transaction, scope, response, input);
        return true;
      }),
    );
  }

  /** @returns false where it had ended before. */
  async cancel({ projectId }: Scope, id: string): Promise<boolean> {
    const cancelled = await reachDatabase(() =>
      this.#database
        .update(responses)
        .set({ status: "cancelled" })
        .where(and(eq(responses.id, id), eq(responses.projectId, projectId), isRunning))
        .returning({ id: responses.id }),
    );
    return cancelled.length > 0;
  }

  /** What an ended one was generated from; nothing where it was cancelled. */
  async events({ projectId }: Scope, id: string): Promise<GenerateEvent[]> {
    const [row] = await reachDatabase(() =>
      this.#database
        .select({ events: responses.events })
        .from(responses)
        .where(and(eq(responses.id, id), eq(responses.projectId, projectId))),
    );
    return readKeptEvents(row?.events);
  }

  /** Says that a gateway is alive. @returns the ids of those that it still has to run. */
  async keepAlive(runnerId: string): Promise<ReadonlySet<string>> {
    const running = await reachDatabase(() =>
      this.#database
        .update(responses)
        .set({ aliveAt: sql`now()` })
        .where(and(eq(responses.runnerId, runnerId), isRunning))
        .returning({ id: responses.id }),
    );
    return new Set(running.map(({ id }) => id));
  }

  /** Those of other gateways that have been silent for so long have failed. @returns how many they were. */
  async failAbandoned(runnerId: string, silentMs: number): Promise<number> {
    const failed = await reachDatabase(() =>
      this.#database
        .update(responses)
        .set({ status: "failed", error: RUNNER_IS_GONE })
        .where(and(isRunning, ne(responses.runnerId, runnerId), lt(responses.aliveAt, sql`now() - ${silentMs} * interval '1 millisecond'`)))
        .returning({ id: responses.id }),
    );
    return failed.length;
  }
}

/** Whether it will still change. */
export function isUnderWay({ status }: ResponseObject): boolean {
  return status === "queued" || status === "in_progress";
}
