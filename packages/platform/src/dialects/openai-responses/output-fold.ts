import type { ResponseEvent } from "@bonfire/protocol/response-events";
import type { OutputItem } from "@bonfire/protocol/response-items";
import type { ResponseObject } from "@bonfire/protocol/responses";
import type { FinishReason, GenerateEvent } from "../../engine/generation.ts";
import { type OpenItem, openFunctionCall, openMessage, openReasoning } from "./open-items.ts";
import { writeResponseUsage } from "./response-usage.ts";

type WithoutNumber<Event> = Event extends unknown ? Omit<Event, "sequence_number"> : never;
/** An event whose place in the stream is not decided yet. */
export type UnnumberedEvent = WithoutNumber<ResponseEvent>;

/** What a generation adds to the response that was asked for. */
export type ResponseOutcome = Pick<ResponseObject, "status" | "incomplete_details" | "output" | "usage">;

const INCOMPLETE: Partial<Record<FinishReason, NonNullable<ResponseObject["incomplete_details"]>>> = {
  length: { reason: "max_output_tokens" },
  content_filter: { reason: "content_filter" },
};

/** Turns a generation's events into output items and, on the way, into the events of the stream: so the two cannot disagree. */
export class OutputFold {
  readonly #responseId: string;
  readonly #done: OutputItem[] = [];
  #open: OpenItem | undefined;
  #reason: FinishReason | undefined;
  #usage: ResponseObject["usage"] = null;

  /** The ids of items are made of the response's own: the same events give the same stream again. */
  constructor(responseId: string) {
    this.#responseId = responseId;
  }

  /** As far as it has come. An item that was not finished is incomplete. */
  get outcome(): ResponseOutcome {
    const details = this.#reason === undefined ? undefined : INCOMPLETE[this.#reason];
    const open = this.#open === undefined ? [] : [this.#open.item("incomplete")];
    return {
      status: this.#reason === undefined ? "in_progress" : details === undefined ? "completed" : "incomplete",
      incomplete_details: details ?? null,
      output: [...this.#done, ...open],
      usage: this.#usage,
    };
  }

  add(event: GenerateEvent): UnnumberedEvent[] {
    switch (event.type) {
      case "text-delta": {
        const { text, logprobs } = event;
        if (text === "" && (logprobs === undefined || logprobs.length === 0)) return [];
        if (this.#open?.type === "message") return this.#open.add(text, logprobs);
        const message = openMessage(this.#nextPlace("msg"));
        return [...this.#openItem(message), ...message.add(text, logprobs)];
      }
      case "reasoning-delta": {
        if (event.text === "") return [];
        if (this.#open?.type === "reasoning") return this.#open.add(event.text);
        const reasoning = openReasoning(this.#nextPlace("rs"));
        return [...this.#openItem(reasoning), ...reasoning.add(event.text)];
      }
      case "tool-call-start":
        return this.#openItem(openFunctionCall(this.#nextPlace("fc"), event.id, event.name));
      case "tool-call-delta":
        return this.#open?.type === "function_call" && event.arguments !== "" ? this.#open.add(event.arguments) : [];
      case "choice-end":
        return this.#end(event.reason);
      case "end":
        this.#usage = writeResponseUsage(event.usage);
        return [];
      default:
        return [];
    }
  }

  #end(reason: FinishReason): UnnumberedEvent[] {
    this.#reason = reason;
    const isEmpty = this.#open === undefined && this.#done.length === 0;
    // A model may end at once: clients expect to find a message.
    const begun = isEmpty ? this.#openItem(openMessage(this.#nextPlace("msg"))) : [];
    return [...begun, ...this.#close(INCOMPLETE[reason] === undefined ? "completed" : "incomplete")];
  }

  /** The one before it is complete then. */
  #openItem(item: OpenItem): UnnumberedEvent[] {
    const closed = this.#close("completed");
    this.#open = item;
    return [...closed, ...item.begin()];
  }

  #close(status: "completed" | "incomplete"): UnnumberedEvent[] {
    if (this.#open === undefined) return [];
    const events = this.#open.end(status);
    this.#done.push(this.#open.item(status));
    this.#open = undefined;
    return events;
  }

  /** It follows the one that is open, where there is one. */
  #nextPlace(prefix: "msg" | "rs" | "fc") {
    const index = this.#done.length + (this.#open === undefined ? 0 : 1);
    const stem = this.#responseId.slice(this.#responseId.indexOf("_") + 1);
    return { item_id: `${prefix}_${stem}${String(index).padStart(3, "0")}`, output_index: index };
  }
}
