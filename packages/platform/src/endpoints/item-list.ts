import type { Item } from "@bonfire/protocol/response-items";
import type { Page } from "../responses/page.ts";

export function writeItemList({ elements, hasMore }: Page<Item>) {
  return { object: "list", data: elements, has_more: hasMore, first_id: elements[0]?.id ?? null, last_id: elements.at(-1)?.id ?? null };
}
