import type { Item } from "@bonfire/protocol/response-items";
import type { Database } from "../storage/database.ts";
import { responseItems } from "../storage/schema.ts";

interface ItemsOfResponse {
  readonly responseId: string;
  readonly projectId: string;
  readonly input: readonly Item[];
  readonly output: readonly Item[];
}

/** Outputs follow the inputs, also where they come later. */
export async function insertItems(
  database: Pick<Database, "insert">,
  { responseId, projectId, input, output }: ItemsOfResponse,
  firstPosition = 0,
): Promise<void> {
  const rows = [...input.map((item) => ({ item, isOutput: false })), ...output.map((item) => ({ item, isOutput: true }))].map(
    ({ item, isOutput }, index) => ({ responseId, projectId, position: firstPosition + index, isOutput, id: item.id, item }),
  );
  if (rows.length > 0) await database.insert(responseItems).values(rows);
}
