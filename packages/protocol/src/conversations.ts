import { z } from "zod";
import { inputItem } from "./response-items.ts";
import { metadata } from "./responses.ts";

/** OpenAI's limit for one request. */
const newItems = z.array(inputItem).max(20);

export const createConversationRequest = z
  .strictObject({ items: newItems.nullish(), metadata: metadata.nullish() })
  .meta({ id: "CreateConversationRequest" });

export const updateConversationRequest = z.strictObject({ metadata: metadata.nullable() }).meta({ id: "UpdateConversationRequest" });

export const addItemsRequest = z.strictObject({ items: newItems.min(1) }).meta({ id: "AddConversationItemsRequest" });

export const conversation = z
  .strictObject({
    id: z.string(),
    object: z.literal("conversation"),
    created_at: z.int(),
    metadata: z.record(z.string(), z.string()),
  })
  .meta({ id: "Conversation" });
export type Conversation = z.infer<typeof conversation>;

export const deletedConversation = z
  .strictObject({ id: z.string(), object: z.literal("conversation.deleted"), deleted: z.literal(true) })
  .meta({ id: "DeletedConversation" });
