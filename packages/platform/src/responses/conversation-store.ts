import type { Conversation } from "@bonfire/protocol/conversations";
import { ApiError } from "@bonfire/protocol/errors";
import { newId } from "@bonfire/protocol/ids";
import { type Item, item as itemSchema } from "@bonfire/protocol/response-items";
import { metadata as metadataSchema } from "@bonfire/protocol/responses";
import { and, asc, desc, eq, gt, inArray, lt, type SQL, sql } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { conversationItems, conversations } from "../storage/schema.ts";
import { inTransaction } from "../storage/transaction.ts";
import { appendItems } from "./append-items.ts";
import { conversationNotFound } from "./not-found.ts";
import { type Page, type PageRequest, pageOf } from "./page.ts";
import { reachDatabase } from "./reach-database.ts";
import type { Scope } from "./scope.ts";

interface ConversationStoreOptions {
  readonly database: Database;
  /** How long a conversation is kept after its last use, milliseconds; absent: for ever. */
  readonly retentionMs?: number | undefined;
}

/** Conversations and their items. Those of another project are not found. Failures come as `ApiError`. */
export class ConversationStore {
  readonly #database: Database;
  readonly #retentionMs: number | undefined;

  constructor({ database, retentionMs }: ConversationStoreOptions) {
    this.#database = database;
    this.#retentionMs = retentionMs;
  }

  async create(scope: Scope, metadata: Readonly<Record<string, string>>, items: readonly Item[]): Promise<Conversation> {
    const { accountId, projectId } = scope;
    const id = newId("conv");
    return reachDatabase(() =>
      inTransaction(this.#database, async (transaction) => {
        const [row] = await transaction.insert(conversations).values({ id, accountId, projectId, metadata }).returning();
        if (row === undefined) throw new Error("The database gave no row back.");
        await appendItems(transaction, scope, id, items);
        return toConversation(row);
      }),
    );
  }

  /** @throws ApiError `conversation_not_found`, as do all that follow. */
  async get({ projectId }: Scope, id: string): Promise<Conversation> {
    const [row] = await this.#reach(id, () =>
      this.#database
        .select()
        .from(conversations)
        .where(and(this.#isKept(projectId), eq(conversations.id, id))),
    );
    if (row === undefined) throw conversationNotFound(id);
    return toConversation(row);
  }

  async update({ projectId }: Scope, id: string, metadata: Readonly<Record<string, string>>): Promise<Conversation> {
    const [row] = await this.#reach(id, () =>
      this.#database
        .update(conversations)
        .set({ metadata, lastUsedAt: sql`now()` })
        .where(and(this.#isKept(projectId), eq(conversations.id, id)))
        .returning(),
    );
    if (row === undefined) throw conversationNotFound(id);
    return toConversation(row);
  }

  async remove({ projectId }: Scope, id: string): Promise<void> {
    const removed = await this.#reach(id, () =>
      this.#database
        .delete(conversations)
        .where(and(this.#isKept(projectId), eq(conversations.id, id)))
        .returning({ id: conversations.id }),
    );
    if (removed.length === 0) throw conversationNotFound(id);
  }

  async append(scope: Scope, id: string, items: readonly Item[]): Promise<void> {
    await this.get(scope, id);
    await reachDatabase(() => inTransaction(this.#database, (transaction) => appendItems(transaction, scope, id, items)));
  }

  /** All of it, in order. */
  async history(scope: Scope, id: string): Promise<Item[]> {
    await this.get(scope, id);
    return reachDatabase(async () => {
      const rows = await this.#database
        .select({ item: conversationItems.item })
        .from(conversationItems)
        .where(eq(conversationItems.conversationId, id))
        .orderBy(asc(conversationItems.position));
      return rows.map(({ item }) => itemSchema.parse(item));
    });
  }

  async list(scope: Scope, id: string, { limit, order, after }: PageRequest): Promise<Page<Item>> {
    await this.get(scope, id);
    return reachDatabase(async () => {
      const position = after === undefined ? undefined : await this.#positionOf(id, after);
      if (after !== undefined && position === undefined) {
        throw new ApiError("invalid_value", `There is no item '${after}' in this list.`, { param: "after" });
      }
      const isBehind = position === undefined ? undefined : (order === "asc" ? gt : lt)(conversationItems.position, position);
      const rows = await this.#database
        .select({ item: conversationItems.item })
        .from(conversationItems)
        .where(and(eq(conversationItems.conversationId, id), isBehind))
        .orderBy((order === "asc" ? asc : desc)(conversationItems.position))
        .limit(limit + 1);
      return pageOf(
        rows.map(({ item }) => itemSchema.parse(item)),
        limit,
      );
    });
  }

  async findItem(scope: Scope, id: string, itemId: string): Promise<Item | undefined> {
    await this.get(scope, id);
    if (itemId.includes("\0")) return undefined;
    return reachDatabase(async () => {
      const [row] = await this.#database.select().from(conversationItems).where(isItem(id, itemId)).limit(1);
      return row === undefined ? undefined : itemSchema.parse(row.item);
    });
  }

  /** @returns false where there is no such item in it. */
  async removeItem(scope: Scope, id: string, itemId: string): Promise<boolean> {
    await this.get(scope, id);
    if (itemId.includes("\0")) return false;
    const removed = await reachDatabase(() =>
      this.#database.delete(conversationItems).where(isItem(id, itemId)).returning({ id: conversationItems.id }),
    );
    return removed.length > 0;
  }

  /** Removes what nobody has used for longer than it is kept, at most so many. @returns how many they were. */
  async removeExpired(most: number): Promise<number> {
    if (this.#retentionMs === undefined) return 0;
    const expired = this.#database
      .select({ id: conversations.id })
      .from(conversations)
      .where(lt(conversations.lastUsedAt, this.#oldestKept()))
      .limit(most);
    const removed = await this.#database
      .delete(conversations)
      .where(inArray(conversations.id, expired))
      .returning({ id: conversations.id });
    return removed.length;
  }

  async #positionOf(id: string, itemId: string): Promise<number | undefined> {
    const [row] = await this.#database.select().from(conversationItems).where(isItem(id, itemId)).limit(1);
    return row?.position;
  }

  /** No text in the database holds a NUL, and it fails when asked for one. */
  async #reach<Row>(id: string, work: () => Promise<Row[]>): Promise<Row[]> {
    return id.includes("\0") ? [] : reachDatabase(work);
  }

  #isKept(projectId: string): SQL | undefined {
    const isYoung = this.#retentionMs === undefined ? undefined : gt(conversations.lastUsedAt, this.#oldestKept());
    return and(eq(conversations.projectId, projectId), isYoung);
  }

  #oldestKept(): Date {
    return new Date(Date.now() - (this.#retentionMs ?? 0));
  }
}

function isItem(conversationId: string, id: string): SQL | undefined {
  return and(eq(conversationItems.conversationId, conversationId), eq(conversationItems.id, id));
}

function toConversation(row: typeof conversations.$inferSelect): Conversation {
  return {
    id: row.id,
    object: "conversation",
    created_at: Math.floor(row.createdAt.getTime() / 1_000),
    metadata: metadataSchema.parse(row.metadata),
  };
}
