import { newId } from "@bonfire/protocol/ids";
import type { Item } from "@bonfire/protocol/response-items";
import type { ResponseObject } from "@bonfire/protocol/responses";
import { readResponseCall } from "../../dialects/openai-responses/read-request.ts";
import { beginResponse } from "../../dialects/openai-responses/response-states.ts";

export function userMessage(text: string): Item {
  return { id: newId("msg"), type: "message", status: "completed", role: "user", content: [{ type: "input_text", text }] };
}

/** One that waits in the background; `fields` are those of its request. */
export function queuedResponse(fields: object = {}): ResponseObject {
  const { echo } = readResponseCall({ model: "m", input: "hi", background: true, ...fields });
  return beginResponse(newId("resp"), 1_700_000_000, "queued", echo);
}

/** One that was answered with a text. */
export function completedResponse(text: string, fields: object = {}): ResponseObject {
  const { echo } = readResponseCall({ model: "m", input: "hi", ...fields });
  return {
    ...beginResponse(newId("resp"), 1_700_000_000, "in_progress", echo),
    status: "completed",
    completed_at: 1_700_000_001,
    output: [
      {
        id: newId("msg"),
        type: "message",
        status: "completed",
        role: "assistant",
        content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
      },
    ],
  };
}

/** What messages say, in their order. */
export function textsOf(items: readonly Item[]): string[] {
  return items.flatMap((item) =>
    item.type === "message" ? item.content.map((part) => ("text" in part ? part.text : part.type)) : [item.type],
  );
}
