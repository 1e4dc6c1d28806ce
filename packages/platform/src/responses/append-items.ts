import type { Item } from "@bonfire/protocol/response-items";
import type { ResponseObject } from "@bonfire/protocol/responses";
import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { conversationItems, conversations } from "../storage/schema.ts";
import { conversationNotFound } from "./not-found.ts";
import type { Scope } from "./scope.ts";

/**
 * Adds items at the end of a conversation, in the caller's transaction; whoever else adds some waits for its end.
 * @throws ApiError where there is no such conversation.
 */
export async function appendItems(
  transaction: Pick<Database, "update" | "select" | "insert">,
  { projectId }: Scope,
  conversationId: string,
  items: readonly Item[],
): Promise<void> {
  const [conversation] = await transaction
    .update(conversations)
    .set({ lastUsedAt: sql`now()` })
    .where(and(eq(conversations.id, conversationId), eq(conversations.projectId, projectId)))
    .returning({ id: conversations.id });
  if (conversation === undefined) throw conversationNotFound(conversationId);
  if (items.length === 0) return;
  const [last] = await transaction
    .select({ position: sql<number>`coalesce(max(${conversationItems.position}), -1)`.mapWith(Number) })
    .from(conversationItems)
    .where(eq(conversationItems.conversationId, conversationId));
  const first = (last?.position ?? -1) + 1;
  await transaction
    .insert(conversationItems)
    .values(items.map((item, index) => ({ conversationId, projectId, position: first + index, id: item.id, item })));
}

/** What a response that came to an answer adds to its conversation, where it has one: what went in, and what came out. */
export async function appendToConversation(
  transaction: Parameters<typeof appendItems>[0],
  scope: Scope,
  { conversation, status, output }: ResponseObject,
  input: readonly Item[],
): Promise<void> {
  if (conversation === null || (status !== "completed" && status !== "incomplete")) return;
  await appendItems(transaction, scope, conversation.id, [...input, ...output]);
}
