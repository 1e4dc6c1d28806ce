import { responseEvent } from "@bonfire/protocol/response-events";
import type { OutputItem, OutputLogprob } from "@bonfire/protocol/response-items";
import { type ResponseObject, responseObject } from "@bonfire/protocol/responses";

/** What a response says, streamed or not: without ids and times, and without what depends on earlier requests. */
export interface ToldByResponse {
  readonly output: readonly ToldItem[];
  readonly status: string;
  readonly reason: string | undefined;
  readonly tokens: { readonly input: number; readonly output: number } | undefined;
}

interface ToldItem {
  readonly type: OutputItem["type"];
  readonly name: string | undefined;
  /** The text or the arguments. */
  readonly said: string;
  readonly logprobs: readonly OutputLogprob[];
}

export function toldByResponse(json: unknown): ToldByResponse {
  const { output, ...rest } = responseObject.parse(json);
  return { output: output.map(toldItem), ...ending(rest) };
}

function ending({ status, incomplete_details, usage }: Omit<ResponseObject, "output">): Omit<ToldByResponse, "output"> {
  return {
    status,
    reason: incomplete_details?.reason,
    tokens: usage === null ? undefined : { input: usage.input_tokens, output: usage.output_tokens },
  };
}

function toldItem(item: OutputItem): ToldItem {
  switch (item.type) {
    case "function_call":
      return { type: item.type, name: item.name, said: item.arguments, logprobs: [] };
    case "message":
      return {
        type: item.type,
        name: undefined,
        said: item.content.map(({ text }) => text).join(""),
        logprobs: item.content.flatMap(({ logprobs }) => logprobs),
      };
    case "reasoning":
      return { type: item.type, name: undefined, said: item.content.map(({ text }) => text).join(""), logprobs: [] };
  }
}

/** The same of a stream: its items added up from deltas, and its last event. */
export function toldByResponseEvents(frames: readonly unknown[]): ToldByResponse & { readonly last: ToldByResponse } {
  const output: { -readonly [Key in keyof ToldItem]: ToldItem[Key] }[] = [];
  let last: ResponseObject | undefined;
  for (const [index, frame] of frames.entries()) {
    const event = responseEvent.parse(frame);
    if (event.sequence_number !== index) throw new Error(`Event ${index} has the number ${event.sequence_number}.`);
    if ("response" in event) last = event.response;
    if (event.type === "response.output_item.added") {
      const name = event.item.type === "function_call" ? event.item.name : undefined;
      output[event.output_index] = { type: event.item.type, name, said: "", logprobs: [] };
    }
    if (!("delta" in event)) continue;
    const item = output[event.output_index];
    if (item === undefined) throw new Error("A delta comes before its item.");
    item.said += event.delta;
    if ("logprobs" in event) item.logprobs = [...item.logprobs, ...event.logprobs];
  }
  if (last === undefined) throw new Error("No event has the response.");
  return { output, ...ending(last), last: toldByResponse(last) };
}
