import type { OutputItem } from "@bonfire/protocol/response-items";
import type { TokenLogprob } from "../../engine/generation.ts";
import type { UnnumberedEvent } from "./output-fold.ts";
import { writeLogprobs } from "./response-logprobs.ts";

interface Place {
  readonly item_id: string;
  readonly output_index: number;
}

type ItemEnd = "completed" | "incomplete";

/** An item that the model is at: what it is so far, and what its stream says of each step. */
export interface OpenItem {
  readonly type: OutputItem["type"];
  begin(): UnnumberedEvent[];
  /** A piece of its text, or of its arguments' JSON. */
  add(text: string, logprobs?: readonly TokenLogprob[]): UnnumberedEvent[];
  end(status: ItemEnd): UnnumberedEvent[];
  item(status: ItemEnd): OutputItem;
}

export function openMessage(place: Place): OpenItem {
  const partPlace = { ...place, content_index: 0 };
  const logprobs: ReturnType<typeof writeLogprobs> = [];
  let text = "";
  const part = () => ({ type: "output_text" as const, text, annotations: [], logprobs: [...logprobs] });
  const item = (status: ItemEnd): OutputItem => ({ id: place.item_id, type: "message", status, role: "assistant", content: [part()] });
  return {
    type: "message",
    begin: () => [
      {
        type: "response.output_item.added",
        output_index: place.output_index,
        item: { id: place.item_id, type: "message", status: "in_progress", role: "assistant", content: [] },
      },
      { type: "response.content_part.added", ...partPlace, part: part() },
    ],
    add: (delta, tokens) => {
      const ofDelta = writeLogprobs(tokens);
      text += delta;
      logprobs.push(...ofDelta);
      return [{ type: "response.output_text.delta", ...partPlace, delta, logprobs: ofDelta }];
    },
    end: (status) => [
      { type: "response.output_text.done", ...partPlace, text, logprobs: [...logprobs] },
      { type: "response.content_part.done", ...partPlace, part: part() },
      { type: "response.output_item.done", output_index: place.output_index, item: item(status) },
    ],
    item,
  };
}

export function openReasoning(place: Place): OpenItem {
  const partPlace = { ...place, content_index: 0 };
  let text = "";
  const part = () => ({ type: "reasoning_text" as const, text });
  const item = (status: ItemEnd): OutputItem => ({ id: place.item_id, type: "reasoning", status, summary: [], content: [part()] });
  return {
    type: "reasoning",
    begin: () => [
      {
        type: "response.output_item.added",
        output_index: place.output_index,
        item: { id: place.item_id, type: "reasoning", status: "in_progress", summary: [], content: [] },
      },
      { type: "response.content_part.added", ...partPlace, part: part() },
    ],
    add: (delta) => {
      text += delta;
      return [{ type: "response.reasoning_text.delta", ...partPlace, delta }];
    },
    end: (status) => [
      { type: "response.reasoning_text.done", ...partPlace, text },
      { type: "response.content_part.done", ...partPlace, part: part() },
      { type: "response.output_item.done", output_index: place.output_index, item: item(status) },
    ],
    item,
  };
}

export function openFunctionCall(place: Place, callId: string, name: string): OpenItem {
  let json = "";
  const item = (status: ItemEnd | "in_progress"): OutputItem => ({
    id: place.item_id,
    type: "function_call",
    status,
    call_id: callId,
    name,
    arguments: json,
  });
  return {
    type: "function_call",
    begin: () => [{ type: "response.output_item.added", output_index: place.output_index, item: item("in_progress") }],
    add: (delta) => {
      json += delta;
      return [{ type: "response.function_call_arguments.delta", ...place, delta }];
    },
    end: (status) => [
      { type: "response.function_call_arguments.done", ...place, name, arguments: json },
      { type: "response.output_item.done", output_index: place.output_index, item: item(status) },
    ],
    item,
  };
}
