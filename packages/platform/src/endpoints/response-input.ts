import { ApiError } from "@bonfire/protocol/errors";
import type { Item } from "@bonfire/protocol/response-items";
import type { InputEntry, PlacedItem } from "../dialects/openai-responses/read-items.ts";
import { writeMessages } from "../dialects/openai-responses/write-messages.ts";
import type { Prompt } from "../engine/generation.ts";
import { itemNotFound } from "../responses/not-found.ts";
import type { Scope } from "../responses/scope.ts";
import type { ResponseParts } from "./response-parts.ts";

interface InputCall {
  readonly instructions: string | undefined;
  readonly input: readonly InputEntry[];
  readonly previousResponseId: string | undefined;
  readonly conversationId: string | undefined;
}

type Stores = Pick<ResponseParts, "store" | "conversations">;

/**
 * What a model is to answer: what is stored of the conversation, then what the request adds.
 * @returns the prompt, and the items that are new. @throws ApiError where something stored is missing, or the items make no conversation.
 */
export async function readPrompt(call: InputCall, scope: Scope, stores: Stores): Promise<{ prompt: Prompt; input: Item[] }> {
  const history = await readHistory(call, scope, stores);
  const input = await resolveReferences(call.input, scope, stores);
  const messages = writeMessages(call.instructions, [...history, ...input]);
  if (messages.length === 0) throw new ApiError("invalid_value", "'input' holds nothing that a model could answer.", { param: "input" });
  return { prompt: { kind: "chat", messages }, input: input.map(({ item }) => item) };
}

async function readHistory(call: InputCall, scope: Scope, { store, conversations }: Stores): Promise<PlacedItem[]> {
  const { previousResponseId, conversationId } = call;
  const stored = (items: readonly Item[], param: string) => items.map((item): PlacedItem => ({ item, param, isStored: true }));
  if (previousResponseId !== undefined) return stored(await store.history(scope, previousResponseId), "previous_response_id");
  return conversationId === undefined ? [] : stored(await conversations.history(scope, conversationId), "conversation");
}

/** @throws ApiError `item_not_found` */
export async function resolveReferences(
  entries: readonly InputEntry[],
  scope: Scope,
  { store }: Pick<Stores, "store">,
): Promise<PlacedItem[]> {
  const wanted = entries.flatMap((entry) => ("reference" in entry ? [entry.reference] : []));
  const found = await store.findItems(scope, wanted);
  return entries.map((entry) => {
    if ("item" in entry) return entry;
    const item = found.get(entry.reference);
    if (item === undefined) throw itemNotFound(entry.reference, `${entry.param}.id`);
    return { item, param: entry.param };
  });
}
