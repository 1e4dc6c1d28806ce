import { ApiError } from "@bonfire/protocol/errors";
import { newId } from "@bonfire/protocol/ids";
import type { InputItem, Item, ItemPart } from "@bonfire/protocol/response-items";
import { wellFormed } from "../well-formed.ts";

/** An item of a conversation in the form in which it is kept, and where it came from. */
export interface PlacedItem {
  readonly item: Item;
  /** Its place in the request (`input[2]`), or the field that stands for what is stored (`previous_response_id`). */
  readonly param: string;
  readonly isStored?: boolean;
}

/** A place where an item of a stored response or conversation is meant. */
interface ItemReference {
  readonly reference: string;
  readonly param: string;
}

export type InputEntry = PlacedItem | ItemReference;

/** Items without an id get one. @param field that they stand in. @throws ApiError that names the part that is not served. */
export function readInput(input: string | readonly InputItem[] | null | undefined, field: string): InputEntry[] {
  if (input === null || input === undefined) return [];
  if (typeof input === "string") return [{ item: userMessage(input), param: field }];
  return input.map((entry, index) => {
    const param = `${field}[${index}]`;
    return entry.type === "item_reference" ? { reference: entry.id, param } : { item: readItem(entry, param), param };
  });
}

function userMessage(text: string): Item {
  return {
    id: newId("msg"),
    type: "message",
    status: "completed",
    role: "user",
    content: [{ type: "input_text", text: wellFormed(text) }],
  };
}

function readItem(entry: Exclude<InputItem, { type: "item_reference" }>, param: string): Item {
  const status = entry.status ?? "completed";
  switch (entry.type) {
    case "function_call": {
      const { call_id, name } = entry;
      return { id: entry.id ?? newId("fc"), type: entry.type, status, call_id, name, arguments: wellFormed(entry.arguments) };
    }
    case "function_call_output": {
      const output =
        typeof entry.output === "string"
          ? wellFormed(entry.output)
          : entry.output.map((part, index) => readPart(part, `${param}.output[${index}]`, "tool"));
      return { id: entry.id ?? newId("fc"), type: entry.type, status, call_id: entry.call_id, output };
    }
    case "reasoning":
      return {
        id: entry.id ?? newId("rs"),
        type: entry.type,
        status,
        summary: entry.summary ?? [],
        content: entry.content ?? [],
      };
    default: {
      const { role, content } = entry;
      const parts: ItemPart[] =
        typeof content === "string"
          ? [readPart({ type: role === "assistant" ? "output_text" : "input_text", text: content }, `${param}.content`, role)]
          : content.map((part, index) => readPart(part, `${param}.content[${index}]`, role));
      return { id: entry.id ?? newId("msg"), type: "message", status, role, content: parts };
    }
  }
}

type InputPart = Exclude<Extract<InputItem, { role: string }>["content"], string>[number];

function readPart(part: InputPart, param: string, role: "user" | "assistant" | "system" | "developer" | "tool"): ItemPart {
  switch (part.type) {
    case "input_text":
      return { type: part.type, text: wellFormed(part.text) };
    case "output_text":
      return { type: part.type, text: wellFormed(part.text), annotations: [], logprobs: [] };
    case "refusal":
      return { type: part.type, refusal: wellFormed(part.refusal) };
    case "input_image":
      return readImage(part, param, role);
  }
}

function readImage(part: Extract<InputPart, { type: "input_image" }>, param: string, role: string): ItemPart {
  if (role !== "user") {
    throw new ApiError("unsupported_parameter", `Images are taken in messages of the role 'user' only, not of '${role}'.`, { param });
  }
  if (part.file_id) {
    throw new ApiError("unsupported_parameter", "Images are taken by 'image_url', as a URL or a data URL, not by 'file_id'.", {
      param: `${param}.file_id`,
    });
  }
  if (!part.image_url) {
    throw new ApiError("missing_required_parameter", `Missing required parameter: '${param}.image_url'.`, { param: `${param}.image_url` });
  }
  return { type: "input_image", detail: part.detail ?? "auto", image_url: part.image_url, file_id: null };
}
